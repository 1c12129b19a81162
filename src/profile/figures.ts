import { intervalsOf } from '../ranking/math/intervals.js';
import { seededRandom } from '../ranking/math/random.js';
import { refit } from '../ranking/math/refit.js';
import { type Cycles, countCycles } from './cycles.js';

/** A person's answers in a topic, oldest first, one element of each array an answer; things numbered from 0. */
export interface Answers {
  size: number;
  left: Int32Array;
  right: Int32Array;
  /** 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same. */
  score: Float32Array;
}

/** One place of a person's own list. */
export interface OwnPlace {
  /** The thing's number. */
  thing: number;
  /** The ends of the range of places that these answers leave open, in 19 cases of 20. */
  low: number;
  high: number;
  isLevelWithNext: boolean;
}

/** What a person's answers in a topic come to. */
export interface Figures {
  /** The things met often enough to have a place, strongest first. */
  list: OwnPlace[];
  /** The others, which were met too rarely to say. */
  unplaced: number[];
  /** How many places this person's Top has; 0 while the list is too short for one. */
  topSize: number;
  /** How many of those we expect to belong there. */
  expectedRight: number;
  cycles: Cycles;
}

/** Answers on a thing below which it gets no place on a person's own list. */
export const MET_ENOUGH = 3;

/**
 * Makes a person's own list from their answers alone: the batch fit that the ranking uses, every answer counting in
 * full, and how far the answers leave each place open.
 * @throws RangeError for senseless answers
 */
export function figuresOf({ size, left, right, score }: Answers): Figures {
  const count = left.length;
  const votes = { size, count, left, right, score, weight: new Float32Array(count).fill(1) };
  const { means, variances } = refit({ ...votes, voter: new Int32Array(count) }, { tolerance: 1e-4 });
  const met = new Int32Array(size);
  for (const thing of left) met[thing] = (met[thing] as number) + 1;
  for (const thing of right) met[thing] = (met[thing] as number) + 1;
  const numbers = [...met.keys()];
  const placed = Int32Array.from(numbers.filter((thing) => (met[thing] as number) >= MET_ENOUGH));
  const field = {
    means: Float64Array.from(placed, (thing) => means[thing] as number),
    variances: Float64Array.from(placed, (thing) => variances[thing] as number),
  };
  const topSize = TOP_SIZES.find((top) => 2 * top <= placed.length) ?? 0;
  const { order, low, high, level, expectedRight } = intervalsOf(field, topSize || 1, seededRandom(SEED));
  return {
    list: Array.from(order, (at, place) => ({
      thing: placed[at] as number,
      low: low[at] as number,
      high: high[at] as number,
      isLevelWithNext: level[place] === 1 && place + 1 < order.length,
    })),
    unplaced: numbers.filter((thing) => (met[thing] as number) > 0 && (met[thing] as number) < MET_ENOUGH),
    topSize,
    expectedRight: topSize ? expectedRight : 0,
    cycles: countCycles(decided({ size, left, right, score })),
  };
}

// The longest that leaves as many things out as it takes in: a Top 20 of 21 things would say little.
const TOP_SIZES = [20, 10, 5, 3];
// The same each time, so that ranges only move when the answers do.
const SEED = 1;

function decided({ size, left, right, score }: Answers) {
  const answers = [...left.keys()].filter((answer) => score[answer] !== 0.5);
  const pick = (wanted: number) =>
    Int32Array.from(answers, (at) => (score[at] === wanted ? left[at] : right[at]) as number);
  return { size, chosen: pick(1), other: pick(0) };
}
