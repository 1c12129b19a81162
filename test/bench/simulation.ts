import type { Votes } from '../../src/ranking/math/graph.js';
import { applyVote, type Field, unratedField } from '../../src/ranking/math/online.js';
import { normalFrom, type Random } from '../../src/ranking/math/random.js';
import { refit } from '../../src/ranking/math/refit.js';
import { type Drawn, Selector } from '../../src/ranking/math/selector.js';

/**
 * How strengths lie in a made-up world: normally with a standard deviation, or with a few far ahead
 * (Student, 3).
 */
export type Strengths = number | 'heavy-tailed';

/** True log-strengths, strongest first, so that a thing's index is its true place less one. */
export function worldOf(size: number, kind: Strengths, random: Random): Float64Array {
  const normal = normalFrom(random);
  const student = (): number => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
  const draw = kind === 'heavy-tailed' ? student : () => kind * normal();
  return new Float64Array(size).map(draw).sort().reverse();
}

/**
 * One answer in ten is a coin flip; the others are Davidson's (JASA 65, 1970), with one tie in nine between
 * equals.
 */
export function answer(one: number, other: number, random: Random): number {
  if (random() < 0.1) return random() < 0.5 ? 1 : 0;
  const ratio = Math.exp((one - other) / 2);
  const [won, lost, tied] = [ratio, 1 / ratio, 0.25];
  const point = random() * (won + lost + tied);
  return point < won ? 1 : point < won + lost ? 0 : 0.5;
}

/** One person: what they have been shown, as the site remembers it. */
export class Voter {
  /** For each pair they were shown, whether they skipped it. */
  readonly skips: boolean[] = [];
  private readonly seen = new Set<number>();
  private readonly recent: number[] = [];
  readonly number: number;

  constructor(number: number) {
    this.number = number;
  }

  readonly avoids = (thing: number): boolean => this.recent.includes(thing);
  readonly hasSeen = (one: number, other: number): boolean => this.seen.has(keyOf(one, other));

  /** Notes what became of an offer. */
  note(one: number, other: number, skipped: boolean): void {
    this.seen.add(keyOf(one, other));
    this.recent.push(one, other);
    if (this.recent.length > 10) this.recent.splice(0, 2);
    this.skips.push(skipped);
  }
}

/** The most things a made-up topic has, and a bit: makes one number of a pair. */
const FAR = 1_000_003;
const keyOf = (one: number, other: number): number => (one < other ? one * FAR + other : other * FAR + one);

/**
 * A topic as the site runs it: online votes, refits at their moments, pairs from a snapshot that is a bit
 * old.
 */
export class Topic {
  readonly field: Field;
  readonly votes: Votes;
  readonly appearances: Int32Array;
  size: number;
  private selector: Selector;
  private snapshotAt = 0;
  private refittedAt = 0;
  private readonly random: Random;
  private readonly refits: boolean;

  /**
   * @param most how many votes there is room for
   * @param reserve things that join later, by `join`
   */
  constructor(size: number, most: number, random: Random, { reserve = 0, refits = true } = {}) {
    this.size = size;
    this.random = random;
    this.refits = refits;
    this.field = unratedField(size + reserve);
    this.appearances = new Int32Array(size + reserve);
    this.votes = {
      size,
      count: 0,
      left: new Int32Array(most),
      right: new Int32Array(most),
      score: new Float32Array(most),
      weight: new Float32Array(most),
      voter: new Int32Array(most),
    };
    this.selector = this.snapshot();
  }

  /**
   * The pair the site offers a voter, on sides drawn by a fair coin; relaxed when the recent ones are all
   * there is.
   */
  offer(voter: Voter): Drawn {
    const drawn =
      this.selector.draw(this.random, voter.avoids, voter.hasSeen) ??
      this.selector.draw(this.random, undefined, voter.hasSeen);
    if (drawn === undefined) throw new Error('This voter has answered every pair.');
    return this.random() < 0.5 ? drawn : { ...drawn, one: drawn.other, other: drawn.one };
  }

  cast(voter: Voter, { one, other }: Drawn, score: number, weight = 1): void {
    const { votes, appearances, field } = this;
    voter.note(one, other, false);
    votes.left[votes.count] = one;
    votes.right[votes.count] = other;
    votes.score[votes.count] = score;
    votes.weight[votes.count] = weight;
    votes.voter[votes.count] = voter.number;
    votes.count++;
    appearances[one] = (appearances[one] ?? 0) + 1;
    appearances[other] = (appearances[other] ?? 0) + 1;
    applyVote(field, one, other, score, weight);
    if (this.refits && votes.count - this.refittedAt >= Math.max(this.size, this.refittedAt / 10))
      this.refit();
    if (votes.count - this.snapshotAt >= this.size / 10) this.selector = this.snapshot();
  }

  refit(): void {
    const { field, votes, size } = this;
    const { means, variances } = refit({ ...votes, size }, { start: field.means.slice(0, size) });
    field.means.set(means);
    field.variances.set(variances);
    this.refittedAt = votes.count;
  }

  /** Adds the first of the things in reserve. */
  join(): void {
    this.size++;
    this.selector = this.snapshot();
  }

  means(): Float64Array {
    return this.field.means.subarray(0, this.size);
  }

  private snapshot(): Selector {
    this.snapshotAt = this.votes.count;
    return new Selector({
      means: this.means(),
      variances: this.field.variances.subarray(0, this.size),
      appearances: this.appearances.subarray(0, this.size),
    });
  }
}

/** The shown top: strongest first. */
export function topOf(means: Float64Array, places = 20): number[] {
  const top: number[] = [];
  for (let thing = 0; thing < means.length; thing++) {
    const mean = means[thing] ?? 0;
    if (top.length === places && mean <= (means[top.at(-1) ?? 0] ?? 0)) continue;
    const place = top.findIndex((other) => (means[other] ?? 0) < mean);
    top.splice(place === -1 ? top.length : place, 0, thing);
    if (top.length > places) top.pop();
  }
  return top;
}

/**
 * The share of the shown top 20 that belongs there, where the things are numbered by their true place.
 * Before the first votes all stand level: then those with the lowest numbers would be shown first, so ties
 * are broken backwards.
 */
export function precision(means: Float64Array): number {
  const backwards = means.toReversed();
  return topOf(backwards).filter((thing) => means.length - 1 - thing < 20).length / 20;
}

/**
 * Kendall's rank correlation with the true order, from -1 to 1, where the things are numbered by their true
 * place.
 */
export function kendall(means: Float64Array): number {
  let concordant = 0;
  for (let one = 0; one < means.length; one++)
    for (let other = one + 1; other < means.length; other++)
      concordant += Math.sign((means[one] ?? 0) - (means[other] ?? 0));
  return concordant / ((means.length * (means.length - 1)) / 2);
}
