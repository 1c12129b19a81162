import {
  afterPush,
  expectedScore,
  type Lean,
  NO_LEAN,
  weightOfOneSided,
} from '../../src/ranking/math/one-sided.js';

/** A vote as a lean needs it. */
interface GroupVote {
  group: number;
  left: number;
  right: number;
  score: number;
}

/**
 * How far groups of voters lean towards things, as the ranker keeps it. What was expected of a vote is what the
 * last fit before it says, and stays so. Before the first fit, all things are equal.
 */
export class Leans {
  /** The means of the last fit. */
  means: Float64Array;
  private readonly leans = new Map<number, Lean>();

  constructor(size: number) {
    this.means = new Float64Array(size);
  }

  /** How much a vote counts by its group's earlier votes. */
  weightOf(vote: GroupVote): number {
    const push = vote.score - expectedScore(this.means, vote.left, vote.right);
    return Math.min(
      weightOfOneSided(this.leanOf(vote.group, vote.left), push),
      weightOfOneSided(this.leanOf(vote.group, vote.right), -push),
    );
  }

  add(vote: GroupVote): void {
    const expected = expectedScore(this.means, vote.left, vote.right);
    for (const [thing, push] of [
      [vote.left, vote.score - expected],
      [vote.right, expected - vote.score],
    ] as const) {
      const lean = afterPush(this.leanOf(vote.group, thing), push, expected);
      this.leans.set(keyOf(vote.group, thing), lean);
    }
  }

  private leanOf(group: number, thing: number): Lean {
    return this.leans.get(keyOf(group, thing)) ?? NO_LEAN;
  }
}

const keyOf = (group: number, thing: number): number => group * 1_000_003 + thing;
