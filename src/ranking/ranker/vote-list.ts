import type { Votes } from '../math/graph.js';
import type { CountedVote } from './ledger.js';
import { countVote, indexesOf, scoreOf, type TopicRatings } from './ratings.js';

/** Gathers a topic's votes for a fit, in arrays that grow with them, and counts them for their things. */
export class VoteList {
  readonly #topic: TopicRatings;
  readonly #voters = new Map<number, number>();
  #decided = 0;
  #leftWins = 0;
  #votes: Votes;

  /** @param topic whose counts go up with each vote */
  constructor(topic: TopicRatings) {
    this.#topic = topic;
    this.#votes = allocate(topic.ids.length, 1024);
  }

  /** How many votes there are; skips are none. */
  get count(): number {
    return this.#votes.count;
  }

  /** How many votes chose one, and how many of them the left. */
  get sides(): { decided: number; leftWins: number } {
    return { decided: this.#decided, leftWins: this.#leftWins };
  }

  /** Takes in a vote; a skip is passed over. */
  add(vote: CountedVote): void {
    if (vote.outcome === 'skip') return;
    const [left, right] = indexesOf(this.#topic, vote);
    if (this.#votes.count === this.#votes.left.length) this.#votes = grown(this.#votes);
    const votes = this.#votes;
    votes.left[votes.count] = left;
    votes.right[votes.count] = right;
    votes.score[votes.count] = scoreOf(vote);
    votes.weight[votes.count] = vote.weight;
    votes.voter[votes.count] = this.#numberOf(vote.voterId);
    votes.count++;
    if (vote.outcome !== 'tie') this.#decided++;
    if (vote.outcome === 'left') this.#leftWins++;
    countVote(this.#topic, vote, left, right);
  }

  /** The votes, for the fit, which takes the arrays with it. */
  take(): Votes {
    return this.#votes;
  }

  #numberOf(voter: number | null): number {
    if (voter === null) return -1;
    const number = this.#voters.get(voter) ?? this.#voters.size;
    this.#voters.set(voter, number);
    return number;
  }
}

function allocate(size: number, room: number): Votes {
  return {
    size,
    count: 0,
    left: new Int32Array(room),
    right: new Int32Array(room),
    score: new Float32Array(room),
    weight: new Float32Array(room),
    voter: new Int32Array(room),
  };
}

function grown(votes: Votes): Votes {
  const larger = { ...allocate(votes.size, votes.left.length * 2), count: votes.count };
  for (const name of ['left', 'right', 'score', 'weight', 'voter'] as const) larger[name].set(votes[name]);
  return larger;
}
