import { CountingSort } from './counting-sort.js';
import { Crowd } from './crowd-prior.js';
import type { Field } from './online.js';
import { type Normals, normalsFrom, type Random } from './random.js';
import { cutOf } from './top-threshold.js';

/** Where each thing of a topic may truly stand. */
export interface Intervals {
  /** A thing's better end of the range that holds its true place, from 1, in 95 of 100 cases. */
  low: Int32Array;
  /** The other end of that range; `low` or more. */
  high: Int32Array;
  /** The chance (0 to 1) that a thing truly belongs among the top. */
  topChance: Float64Array;
  /** The things, strongest first; of two level ones the one with the lower index. */
  order: Int32Array;
  /** One element a place: 1 when the thing there is not better than the next one in four of five cases. */
  level: Uint8Array;
  /** How many of the shown top we expect to belong there. */
  expectedRight: number;
}

/**
 * Finds out how sure the order is, by drawing 600 rankings that the votes allow and looking where each
 * thing stands in them. In a topic of more than 2,000 things those within reach of the top are drawn (up to
 * four standard errors below the cut, at most 2,000); for the rest, the sum of all beliefs says how many
 * things stand above a strength, which among so many comes to the same.
 * @param topSize how many places the top has, from 1
 */
export function intervalsOf(field: Field, topSize: number, random: Random): Intervals {
  const size = field.means.length;
  const order = strongestFirst(field.means);
  const normals = normalsFrom(random);
  const result: Intervals = {
    low: new Int32Array(size),
    high: new Int32Array(size),
    topChance: new Float64Array(size),
    order,
    level: levelNeighbours(field, order),
    expectedRight: 0,
  };
  if (size <= MOST_DRAWN) drawPlaces(field, order, undefined, topSize, normals, result);
  else {
    const { reachable, rest } = splitByReach(field, order, topSize);
    readPlaces(field, rest, new Crowd(field, order, normals), topSize, result);
    drawPlaces(field, reachable, new Crowd(field, rest, normals), topSize, normals, result);
  }
  for (let index = 0; index < Math.min(topSize, size); index++)
    result.expectedRight += result.topChance[order[index] as number] as number;
  return result;
}

/** So many things are drawn at most, for the sake of time: 8 ms for 200 things, 55 ms for all of these. */
const MOST_DRAWN = 2_000;
const DRAWS = 600;
/** Draws beyond either end of a range, 2.5 in a hundred; the innermost of them is that end. */
const TAIL = 15;
/** Within a normal distribution, so many standard deviations from the middle 2.5 in a hundred lie beyond. */
const RANGE_DEVIATIONS = 1.96;
/** The same, of 20 in a hundred. */
const BETTER_DEVIATIONS = 0.8416;
const REACH_DEVIATIONS = 4;

const strongestFirst = (means: Float64Array): Int32Array =>
  Int32Array.from(means.keys()).sort(
    (one, other) => (means[other] as number) - (means[one] as number) || one - other,
  );

function levelNeighbours({ means, variances }: Field, order: Int32Array): Uint8Array {
  const level = new Uint8Array(order.length);
  for (let index = 0; index + 1 < order.length; index++) {
    const better = order[index] as number;
    const worse = order[index + 1] as number;
    const gap = (means[better] as number) - (means[worse] as number);
    const error = Math.sqrt((variances[better] as number) + (variances[worse] as number));
    level[index] = gap < BETTER_DEVIATIONS * error ? 1 : 0;
  }
  return level;
}

function splitByReach(
  { means, variances }: Field,
  order: Int32Array,
  topSize: number,
): { reachable: Int32Array; rest: Int32Array } {
  const cut = cutOf(means, topSize);
  const deviations = means.map((mean, thing) => (mean - cut) / Math.sqrt(variances[thing] as number));
  const least = Math.max(-REACH_DEVIATIONS, deviations.toSorted().at(-MOST_DRAWN) as number);
  const inReach = (thing: number): boolean => (deviations[thing] as number) >= least;
  // Many new things are equally far: the cap goes by the order then.
  const reachable = order.filter(inReach).subarray(0, MOST_DRAWN);
  const isDrawn = new Uint8Array(means.length);
  for (const thing of reachable) isDrawn[thing] = 1;
  return { reachable, rest: order.filter((thing) => isDrawn[thing] === 0) };
}

/** The ranges and chances of things that are not drawn. */
function readPlaces(
  { means, variances }: Field,
  things: Int32Array,
  everyone: Crowd,
  topSize: number,
  { low, high, topChance }: Intervals,
): void {
  const entry = everyone.strengthOf(topSize);
  for (const thing of things) {
    const mean = means[thing] as number;
    const error = Math.sqrt(variances[thing] as number);
    low[thing] = Math.min(Math.round(everyone.above(mean + RANGE_DEVIATIONS * error)) + 1, means.length);
    // At its lowest the thing itself is among those above.
    high[thing] = Math.max(Math.round(everyone.above(mean - RANGE_DEVIATIONS * error)), low[thing] as number);
    topChance[thing] = normalBelow((mean - entry) / error);
  }
}

/** Draws the given things' strengths again and again; `rest` are those that are not drawn. */
function drawPlaces(
  { means, variances }: Field,
  things: Int32Array,
  rest: Crowd | undefined,
  topSize: number,
  normals: Normals,
  { low, high, topChance }: Intervals,
): void {
  const size = things.length;
  const drawn = new Float64Array(size);
  const middles = Float64Array.from(things, (thing) => means[thing] as number);
  const errors = Float64Array.from(things, (thing) => Math.sqrt(variances[thing] as number));
  const streams = Int32Array.from(things, () => normals.stream());
  const sorter = new CountingSort(size);
  const best = new Int32Array(size * TAIL).fill(0x7fffffff);
  const worst = new Int32Array(size * TAIL).fill(0x7fffffff);
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let at = 0; at < size; at++)
      drawn[at] =
        (middles[at] as number) + (errors[at] as number) * normals.at((streams[at] as number) + draw);
    const byStrength = sorter.sort(drawn);
    for (let above = 0; above < size; above++) {
      const at = byStrength[above] as number;
      const rank = above + 1 + (rest === undefined ? 0 : Math.round(rest.above(drawn[at] as number)));
      keepLowest(best, at * TAIL, rank);
      keepLowest(worst, at * TAIL, -rank);
      if (rank <= topSize) {
        const thing = things[at] as number;
        topChance[thing] = (topChance[thing] as number) + 1;
      }
    }
  }
  for (let at = 0; at < size; at++) {
    low[things[at] as number] = best[at * TAIL + TAIL - 1] as number;
    high[things[at] as number] = -(worst[at * TAIL + TAIL - 1] as number);
    topChance[things[at] as number] = (topChance[things[at] as number] as number) / DRAWS;
  }
}

/** Keeps the lowest numbers so far, in rising order, from `start` on. */
function keepLowest(kept: Int32Array, start: number, number: number): void {
  let at = start + TAIL - 1;
  if (number >= (kept[at] as number)) return;
  for (; at > start && (kept[at - 1] as number) > number; at--) kept[at] = kept[at - 1] as number;
  kept[at] = number;
}

/** The standard normal distribution function, to 7.5e-8 (Abramowitz and Stegun, 1964, 26.2.17). */
function normalBelow(deviations: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(deviations));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const beyond = (Math.exp((-deviations * deviations) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return deviations > 0 ? 1 - beyond : beyond;
}
