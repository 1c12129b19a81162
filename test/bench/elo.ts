import type { Random } from '../../src/ranking/math/random.js';
import { answer, Voter } from './simulation.js';

/** A topic as most such sites run it: Elo with K = 32 and random pairs, each at most once for a voter. */
export class EloTopic {
  readonly ratings: Float64Array;
  private readonly truth: Float64Array;
  private readonly voters: Voter[];
  private readonly random: Random;

  constructor(truth: Float64Array, votes: number, random: Random) {
    this.truth = truth;
    this.ratings = new Float64Array(truth.length);
    this.voters = votersFor(votes);
    this.random = random;
  }

  vote(): void {
    const { ratings, truth, random } = this;
    const voter = this.voters[this.below(this.voters.length)] as Voter;
    let [one, other] = [0, 0];
    do [one, other] = [this.below(truth.length), this.below(truth.length)];
    while (one === other || voter.hasSeen(one, other));
    voter.note(one, other, false);
    const score = answer(truth[one] as number, truth[other] as number, random);
    const gap = (ratings[other] as number) - (ratings[one] as number);
    const step = 32 * (score - 1 / (1 + 10 ** (gap / 400)));
    ratings[one] = (ratings[one] as number) + step;
    ratings[other] = (ratings[other] as number) - step;
  }

  private readonly below = (limit: number): number => Math.floor(this.random() * limit);
}

/** Creates so many voters that each casts about fifty of the votes. */
export const votersFor = (votes: number): Voter[] =>
  Array.from({ length: Math.max(20, Math.ceil(votes / 50)) }, (_, number) => new Voter(number));
