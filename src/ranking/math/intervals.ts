import type { Goal } from '../../catalog/goal.js';
import { BucketSort } from './bucket-sort.js';
import { expectedOrderShare } from './expected-order.js';
import { normalBelow } from './normal-distribution.js';
import type { Estimates } from './online-update.js';
import { type NormalTable, normalTable, type Random } from './random.js';
import { StrengthDistribution } from './strength-distribution.js';
import { topThreshold } from './top-threshold.js';

/** How sure the rank of each thing in a topic is. */
export interface Intervals {
  /** The better end of a range of ranks, from 1, that holds a thing's true rank in 95 of 100 cases. */
  low: Int32Array;
  /** The worse end of that range; `low` or more. */
  high: Int32Array;
  /** The chance (0 to 1) that a thing truly belongs in the top; 1 when the goal is the whole order. */
  topChance: Float64Array;
  /** The things, strongest first; of two equal things the one with the lower index. */
  order: Int32Array;
  /** By rank: 1 when the chance that the thing is better than the next one is below four in five. */
  levelWithNext: Uint8Array;
  /**
   * How much of the goal is expected to be right, from 0 to 1. For a Top, it is the share of the shown things
   * that belong there: for the winner, the chance that the leader is the best. For the whole order, it is the
   * share of pairs in the right order. 1 when there is nothing to be wrong about.
   */
  expectedShare: number;
}

/**
 * Finds out how sure each rank is: it draws 600 rankings that the votes allow, and looks at each thing's rank
 * in them. In a topic of more than 2,000 things it draws only those that can reach the top: at most four
 * standard errors below the threshold, and at most 2,000. For the others, the distribution of all strengths
 * tells how many things are above a strength; among so many the result is the same.
 * @param goal what the votes should settle
 */
export function intervalsOf(estimates: Estimates, goal: Goal, random: Random): Intervals {
  const size = estimates.means.length;
  const order = strongestFirst(estimates.means);
  const normals = normalTable(random);
  const result: Intervals = {
    low: new Int32Array(size),
    high: new Int32Array(size),
    topChance: new Float64Array(size),
    order,
    levelWithNext: compareNeighbours(estimates, order),
    expectedShare: 1,
  };
  // When the goal is the whole order, every thing is in the top, and no chances are needed.
  const topSize = goal === 'order' ? 1 : Math.min(goal, size);
  const calculation = { estimates, topSize, result };
  if (size <= MAX_SAMPLED) sampleRanks(calculation, order, { normals });
  else {
    const { reachable, rest } = splitByReach(calculation);
    approximateRanks(calculation, rest, new StrengthDistribution(estimates, order, normals));
    const others = new StrengthDistribution(estimates, rest, normals);
    sampleRanks(calculation, reachable, { normals, others });
  }
  if (goal === 'order') {
    result.topChance.fill(1);
    result.expectedShare = expectedOrderShare(estimates, random);
  } else if (size > 0) result.expectedShare = meanChance(result.topChance, order.subarray(0, topSize));
  return result;
}

interface Calculation {
  estimates: Estimates;
  topSize: number;
  /** Where the ranges and chances are written. */
  result: Intervals;
}

/** A limit on the time: the draws take 8 ms for 200 things and 55 ms for this many. */
const MAX_SAMPLED = 2_000;
const DRAWS = 600;
/**
 * So many draws, 2.5 in a hundred, are at or beyond each end of a range; the innermost of them is that end.
 */
const TAIL = 15;
/** In a normal distribution, 2.5 in a hundred are beyond this number of standard deviations. */
const RANGE_DEVIATIONS = 1.96;
/** The same for 20 in a hundred. */
const BETTER_DEVIATIONS = 0.8416;
const REACH_DEVIATIONS = 4;

const strongestFirst = (means: Float64Array): Int32Array =>
  Int32Array.from(means.keys()).sort(
    (one, other) => (means[other] as number) - (means[one] as number) || one - other,
  );

const meanChance = (chances: Float64Array, things: Int32Array): number =>
  things.reduce((sum, thing) => sum + (chances[thing] as number), 0) / things.length;

function compareNeighbours({ means, variances }: Estimates, order: Int32Array): Uint8Array {
  const levelWithNext = new Uint8Array(order.length);
  for (let index = 0; index + 1 < order.length; index++) {
    const better = order[index] as number;
    const worse = order[index + 1] as number;
    const gap = (means[better] as number) - (means[worse] as number);
    const error = Math.sqrt((variances[better] as number) + (variances[worse] as number));
    levelWithNext[index] = gap < BETTER_DEVIATIONS * error ? 1 : 0;
  }
  return levelWithNext;
}

function splitByReach({ estimates: { means, variances }, topSize, result: { order } }: Calculation): {
  reachable: Int32Array;
  rest: Int32Array;
} {
  const threshold = topThreshold(means, topSize);
  const deviations = means.map((mean, thing) => (mean - threshold) / Math.sqrt(variances[thing] as number));
  const lowest = Math.max(-REACH_DEVIATIONS, deviations.toSorted().at(-MAX_SAMPLED) as number);
  const isReachable = (thing: number): boolean => (deviations[thing] as number) >= lowest;
  // Many new things have the same deviation: then the order decides which of them are sampled.
  const reachable = order.filter(isReachable).subarray(0, MAX_SAMPLED);
  const isSampled = new Uint8Array(means.length);
  for (const thing of reachable) isSampled[thing] = 1;
  return { reachable, rest: order.filter((thing) => isSampled[thing] === 0) };
}

/** Works out the ranges and chances of some things from the distribution of all strengths. */
function approximateRanks(
  { estimates: { means, variances }, topSize, result: { low, high, topChance } }: Calculation,
  things: Int32Array,
  all: StrengthDistribution,
): void {
  const threshold = all.strengthExceededBy(topSize);
  for (const thing of things) {
    const mean = means[thing] as number;
    const error = Math.sqrt(variances[thing] as number);
    const [best, worst] = [mean + RANGE_DEVIATIONS * error, mean - RANGE_DEVIATIONS * error];
    low[thing] = Math.min(Math.round(all.expectedAbove(best)) + 1, means.length);
    // No `+ 1` here: at its weakest the thing itself is among those above.
    high[thing] = Math.max(Math.round(all.expectedAbove(worst)), low[thing] as number);
    topChance[thing] = normalBelow((mean - threshold) / error);
  }
}

/**
 * Works out the ranges and chances of some things by drawing their strengths again and again.
 * @param others the strengths of the things that are not drawn, if there are any
 */
function sampleRanks(
  { estimates: { means, variances }, topSize, result: { low, high, topChance } }: Calculation,
  things: Int32Array,
  { normals, others }: { normals: NormalTable; others?: StrengthDistribution },
): void {
  const size = things.length;
  const drawn = new Float64Array(size);
  const ownMeans = Float64Array.from(things, (thing) => means[thing] as number);
  const errors = Float64Array.from(things, (thing) => Math.sqrt(variances[thing] as number));
  const starts = Int32Array.from(things, () => normals.randomStart());
  const sorter = new BucketSort(size);
  const lowestRanks = new Int32Array(size * TAIL).fill(0x7fffffff);
  const lowestNegatedRanks = new Int32Array(size * TAIL).fill(0x7fffffff);
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let index = 0; index < size; index++)
      drawn[index] =
        (ownMeans[index] as number) +
        (errors[index] as number) * normals.at((starts[index] as number) + draw);
    const byStrength = sorter.sort(drawn);
    for (let above = 0; above < size; above++) {
      const index = byStrength[above] as number;
      const othersAbove = others === undefined ? 0 : Math.round(others.expectedAbove(drawn[index] as number));
      const rank = above + 1 + othersAbove;
      insertIfLow(lowestRanks, index * TAIL, rank);
      insertIfLow(lowestNegatedRanks, index * TAIL, -rank);
      if (rank <= topSize) {
        const thing = things[index] as number;
        topChance[thing] = (topChance[thing] as number) + 1;
      }
    }
  }
  for (let index = 0; index < size; index++) {
    const thing = things[index] as number;
    low[thing] = lowestRanks[index * TAIL + TAIL - 1] as number;
    high[thing] = -(lowestNegatedRanks[index * TAIL + TAIL - 1] as number);
    topChance[thing] = (topChance[thing] as number) / DRAWS;
  }
}

/** Puts a number among the lowest ones, which are `TAIL` elements from `start` on, in rising order. */
function insertIfLow(lowest: Int32Array, start: number, number: number): void {
  let free = start + TAIL - 1;
  if (number >= (lowest[free] as number)) return;
  for (; free > start && (lowest[free - 1] as number) > number; free--)
    lowest[free] = lowest[free - 1] as number;
  lowest[free] = number;
}
