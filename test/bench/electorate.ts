import type { Goal } from '../../src/catalog/goal.js';
import type { Random } from '../../src/ranking/math/random.js';
import type { DrawnPair } from '../../src/ranking/math/selector.js';
import { votersFor } from './elo.js';
import { answer, Topic, type Voter } from './simulation.js';

/** Chooses between two things by their true log-strengths: 1, 0 or 0.5 for a tie. */
export type Answering = (one: number, other: number, random: Random) => number;

/** Answers every pair with a coin. */
export const flipCoin: Answering = (_one, _other, random) => (random() < 0.5 ? 1 : 0);

interface Settings {
  random: Random;
  goal?: Goal;
  reserve?: number;
  answering?: Answering;
  /** How many voters in a hundred answer every pair with a coin. */
  clickers?: number;
  /** How many pairs each voter holds drawn, the one they see included. */
  queue?: number;
}

/** Honest voters. Each casts about fifty of the votes. */
export class Electorate {
  readonly topic: Topic;
  private readonly truth: Float64Array;
  private readonly voters: Voter[];
  private readonly random: Random;
  private readonly answering: Answering;
  private readonly queues = new Map<Voter, DrawnPair[]>();
  private readonly queueLength: number;
  /** The voters below this number flip coins. */
  readonly clickers: number;

  constructor(
    truth: Float64Array,
    votes: number,
    { random, reserve = 0, answering = answer, queue = 1, clickers = 0, ...rest }: Settings,
  ) {
    this.truth = truth;
    this.topic = new Topic(truth.length - reserve, votes, { random, reserve, ...rest });
    this.voters = votersFor(votes);
    this.random = random;
    this.answering = answering;
    this.queueLength = queue;
    this.clickers = Math.round((this.voters.length * clickers) / 100);
  }

  /** Has votes cast until there are `count`. @returns whether there are; else every pair is answered */
  voteUntil(count: number): boolean {
    const { topic, truth, random } = this;
    while (topic.votes.count < Math.round(count)) {
      if (this.voters.length === 0) return false;
      const index = Math.floor(random() * this.voters.length);
      const voter = this.voters[index] as Voter;
      const pair = this.next(voter);
      if (pair === undefined) {
        this.voters.splice(index, 1);
        continue;
      }
      const answering = voter.number < this.clickers ? flipCoin : this.answering;
      const score = answering(truth[pair.one] as number, truth[pair.other] as number, random);
      topic.cast(voter, pair, { score });
    }
    return true;
  }

  private next(voter: Voter): DrawnPair | undefined {
    if (this.queueLength === 1) return this.topic.offer(voter);
    const queue = this.queues.get(voter) ?? [];
    this.queues.set(voter, queue);
    while (queue.length < this.queueLength) {
      const drawn = this.topic.offer(voter, queue);
      if (drawn === undefined) break;
      queue.push(drawn);
    }
    return queue.shift();
  }
}
