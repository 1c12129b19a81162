import type { Database } from '../../database.js';
import type { Votes } from '../math/graph.js';
import { type CountedVote, readCountedVotes } from './ledger.js';
import { LEDGER_START, type Position } from './ledger-position.js';
import { comparisonOf, countVote, readRatings, type TopicRatings } from './ratings.js';

/** Collects a topic's votes for a fit, in arrays that grow, and counts them for their things. */
export class VoteList {
  readonly #topic: TopicRatings;
  readonly #voterNumbers = new Map<number, number>();
  #decided = 0;
  #leftWins = 0;
  #votes: Votes;

  /** @param topic its counts go up with each vote */
  constructor(topic: TopicRatings) {
    this.#topic = topic;
    this.#votes = allocate(topic.ids.length, 1024);
  }

  /**
   * The votes so far, without skips. The arrays are the list's own: add no more once a fit has taken them.
   */
  get votes(): Votes {
    return this.#votes;
  }

  /** The id of each voter, by the number that the votes have for them. */
  get voterIds(): number[] {
    return [...this.#voterNumbers.keys()];
  }

  /** How many votes chose one of the two things, and how many of these chose the left one. */
  get choices(): { decided: number; leftWins: number } {
    return { decided: this.#decided, leftWins: this.#leftWins };
  }

  /** Adds a vote; a skip is left out. */
  add(vote: CountedVote): void {
    if (vote.outcome === 'skip') return;
    const comparison = comparisonOf(this.#topic, vote);
    if (!comparison) return;
    if (this.#votes.count === this.#votes.left.length) this.#votes = enlarge(this.#votes);
    const votes = this.#votes;
    votes.left[votes.count] = comparison.left;
    votes.right[votes.count] = comparison.right;
    votes.score[votes.count] = comparison.score;
    votes.weight[votes.count] = comparison.weight;
    votes.voter[votes.count] = this.#numberOf(vote.voterId);
    votes.count++;
    if (vote.outcome !== 'tie') this.#decided++;
    if (vote.outcome === 'left') this.#leftWins++;
    countVote(this.#topic, comparison);
  }

  #numberOf(voterId: number | null): number {
    if (voterId === null) return -1;
    const number = this.#voterNumbers.get(voterId) ?? this.#voterNumbers.size;
    this.#voterNumbers.set(voterId, number);
    return number;
  }
}

/**
 * Reads the votes of a topic that count at a position, and its ratings with the counts of these votes.
 * @param onProgress is called with the number of votes read so far
 * @param without the ids of voters whose votes are left out
 */
export async function readVoteList(
  db: Database,
  topicId: number,
  {
    upTo,
    onProgress = () => undefined,
    without = new Set(),
  }: { upTo: Position; onProgress?: (votes: number) => void; without?: ReadonlySet<number> },
): Promise<{ topic: TopicRatings; list: VoteList }> {
  // The things are read after the position is known, so that they include those of every vote up to it.
  const topic = await readRatings(db, topicId);
  for (const counts of [topic.wins, topic.losses, topic.ties]) counts.fill(0);
  topic.votes = 0;
  const list = new VoteList(topic);
  for await (const votes of readCountedVotes(db, topicId, { from: LEDGER_START, upTo })) {
    for (const vote of votes) if (!without.has(vote.voterId ?? 0)) list.add(vote);
    onProgress(list.votes.count);
  }
  return { topic, list };
}

function allocate(size: number, capacity: number): Votes {
  return {
    size,
    count: 0,
    left: new Int32Array(capacity),
    right: new Int32Array(capacity),
    score: new Float32Array(capacity),
    weight: new Float32Array(capacity),
    voter: new Int32Array(capacity),
  };
}

function enlarge(votes: Votes): Votes {
  const larger = { ...allocate(votes.size, votes.left.length * 2), count: votes.count };
  for (const name of ['left', 'right', 'score', 'weight', 'voter'] as const) larger[name].set(votes[name]);
  return larger;
}
