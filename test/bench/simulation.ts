import { DEFAULT_GOAL, fitGoal, type Goal } from '../../src/catalog/goal.js';
import type { Votes } from '../../src/ranking/math/graph.js';
import { applyVote, type Estimates, initialEstimates } from '../../src/ranking/math/online-update.js';
import { normalFrom, type Random } from '../../src/ranking/math/random.js';
import { refit } from '../../src/ranking/math/refit.js';
import { type DrawnPair, Selector } from '../../src/ranking/math/selector.js';
import { Leans } from './leans.js';

/**
 * The distribution of true strengths: normal with a standard deviation, or Student's t with 3 degrees of
 * freedom.
 */
export type Strengths = number | 'heavy-tailed';

/** Draws true log-strengths, strongest first. A thing's index is its true rank minus 1. */
export function drawStrengths(size: number, kind: Strengths, random: Random): Float64Array {
  const normal = normalFrom(random);
  const student = (): number => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
  const draw = kind === 'heavy-tailed' ? student : () => kind * normal();
  return new Float64Array(size).map(draw).sort().reverse();
}

/**
 * Draws answers: 1, 0 or 0.5 for a tie. One answer in ten is a coin flip. The others follow Davidson's model
 * (JASA 65, 1970).
 * @param nu how common ties are: nu of nu + 2 answers between equals
 */
export const answerWith =
  (nu: number) =>
  (one: number, other: number, random: Random): number => {
    if (random() < 0.1) return random() < 0.5 ? 1 : 0;
    const ratio = Math.exp((one - other) / 2);
    const [won, lost] = [ratio, 1 / ratio];
    const point = random() * (won + lost + nu);
    return point < won ? 1 : point < won + lost ? 0 : 0.5;
  };

/** Draws an answer, with one tie in nine between equals. */
export const answer = answerWith(0.25);

/** A voter, with the pairs that they have been shown. */
export class Voter {
  /** For each pair, whether the voter skipped it. */
  readonly skips: boolean[] = [];
  private readonly seen = new Set<number>();
  private readonly recent: number[] = [];
  readonly number: number;
  /** The voters of one network are one group; others are alone in theirs. */
  readonly group: number;

  constructor(number: number, group = number) {
    this.number = number;
    this.group = group;
  }

  readonly avoids = (thing: number): boolean => this.recent.includes(thing);
  readonly hasSeen = (one: number, other: number): boolean => this.seen.has(keyOf(one, other));

  /** Records a pair that the voter was shown. */
  note(one: number, other: number, skipped: boolean): void {
    this.seen.add(keyOf(one, other));
    this.recent.push(one, other);
    if (this.recent.length > 10) this.recent.splice(0, 2);
    this.skips.push(skipped);
  }
}

/** Larger than any number of things, so that a pair fits into one number. */
const KEY_FACTOR = 1_000_003;
const keyOf = (one: number, other: number): number =>
  one < other ? one * KEY_FACTOR + other : other * KEY_FACTOR + one;

/**
 * A topic as the site runs it: online updates, refits at the usual times, and pairs from a slightly old
 * snapshot.
 */
export class Topic {
  readonly field: Estimates;
  readonly votes: Votes;
  readonly appearances: Int32Array;
  size: number;
  private selector: Selector;
  private snapshotAt = 0;
  private refittedAt = 0;
  private readonly random: Random;
  private readonly refits: boolean;
  private readonly leans: Leans;
  private readonly goal: Goal;

  /**
   * @param maxVotes the capacity for votes
   * @param options `reserve` things join later, by `join`
   */
  constructor(
    size: number,
    maxVotes: number,
    {
      random,
      goal = DEFAULT_GOAL,
      reserve = 0,
      refits = true,
    }: { random: Random; goal?: Goal; reserve?: number; refits?: boolean },
  ) {
    this.size = size;
    this.random = random;
    this.leans = new Leans(size + reserve);
    this.refits = refits;
    this.goal = fitGoal(goal, size);
    this.field = initialEstimates(size + reserve);
    this.appearances = new Int32Array(size + reserve);
    this.votes = {
      size,
      count: 0,
      left: new Int32Array(maxVotes),
      right: new Int32Array(maxVotes),
      score: new Float32Array(maxVotes),
      weight: new Float32Array(maxVotes),
      voter: new Int32Array(maxVotes),
    };
    this.selector = this.snapshot();
  }

  /**
   * Draws the next pair for a voter. It avoids recent things unless no other pair is left.
   * @param queued pairs that the voter holds already
   * @param isOut whether the voter never sees a thing
   * @returns undefined when the voter has answered every pair
   */
  offer(
    voter: Voter,
    queued: DrawnPair[] = [],
    isOut: (thing: number) => boolean = () => false,
  ): DrawnPair | undefined {
    const isAnswered = (one: number, other: number): boolean =>
      voter.hasSeen(one, other) || queued.some((pair) => isSame(pair, one, other));
    const isAvoided = (thing: number): boolean =>
      isOut(thing) ||
      voter.avoids(thing) ||
      queued.some(({ one, other }) => one === thing || other === thing);
    const drawn =
      this.selector.draw(this.random, isAvoided, isAnswered) ??
      this.selector.draw(this.random, isOut, isAnswered);
    if (drawn === undefined) return undefined;
    return this.random() < 0.5 ? drawn : { ...drawn, one: drawn.other, other: drawn.one };
  }

  /** @returns how much the vote counts: its weight, or less when the voter's group is one-sided */
  cast(
    voter: Voter,
    { one, other }: DrawnPair,
    {
      score,
      weight: ownWeight = 1,
      isWeighted = true,
    }: { score: number; weight?: number; isWeighted?: boolean },
  ): number {
    const { votes, appearances, field, leans } = this;
    voter.note(one, other, false);
    const byGroup = leans.take({ group: voter.group, voter: voter.number, left: one, right: other, score });
    const weight = isWeighted ? Math.min(ownWeight, byGroup) : ownWeight;
    votes.left[votes.count] = one;
    votes.right[votes.count] = other;
    votes.score[votes.count] = score;
    votes.weight[votes.count] = weight;
    votes.voter[votes.count] = voter.number;
    votes.count++;
    appearances[one] = (appearances[one] ?? 0) + 1;
    appearances[other] = (appearances[other] ?? 0) + 1;
    applyVote(field, { left: one, right: other, score, weight });
    if (this.refits && votes.count - this.refittedAt >= Math.max(this.size, this.refittedAt / 10))
      this.refit();
    if (votes.count - this.snapshotAt >= this.size / 10) this.selector = this.snapshot();
    return weight;
  }

  /** The selector of now, on a snapshot that is a little old. */
  get current(): Selector {
    return this.selector;
  }

  refit(): void {
    const { field, votes, size } = this;
    const { means, variances } = refit({ ...votes, size }, { start: field.means.slice(0, size) });
    field.means.set(means);
    field.variances.set(variances);
    this.refittedAt = votes.count;
    this.leans.fit = { means: field.means.slice(), votes: votes.count };
  }

  /** Adds the next thing of the reserve. */
  join(): void {
    this.size++;
    this.selector = this.snapshot();
  }

  /** The means of the last fit; all 0 before the first. */
  get fittedMeans(): Float64Array {
    return this.leans.fit.means;
  }

  means(): Float64Array {
    return this.field.means.subarray(0, this.size);
  }

  private snapshot(): Selector {
    this.snapshotAt = this.votes.count;
    const input = {
      means: this.means(),
      variances: this.field.variances.subarray(0, this.size),
      appearances: this.appearances.subarray(0, this.size),
    };
    return new Selector(input, this.goal);
  }
}

const isSame = (pair: DrawnPair, one: number, other: number): boolean =>
  (pair.one === one && pair.other === other) || (pair.one === other && pair.other === one);
