import { intervalsOf } from '../ranking/math/intervals.js';
import { seededRandom } from '../ranking/math/random.js';
import { refit } from '../ranking/math/refit.js';
import { type Cycles, countCycles } from './cycles.js';

/**
 * A voter's answers in a topic, oldest first. Each array has one element for each answer. Things are numbered
 * from 0.
 */
export interface Answers {
  size: number;
  left: Int32Array;
  right: Int32Array;
  /** 1 when the left thing was chosen, 0 when the right one was, 0.5 when both are about the same. */
  score: Float32Array;
}

/** A thing on a voter's own list. */
interface RankedThing {
  /** The thing's number. */
  thing: number;
  /** The range of its true rank, from `low` to `high`, in 19 cases of 20. */
  low: number;
  high: number;
  isLevelWithNext: boolean;
}

/** A ranking made from one voter's answers in a topic. */
export interface NumberedRanking {
  /** The things with enough answers for a rank, strongest first. */
  list: RankedThing[];
  /** The numbers of the things with too few answers. */
  unranked: number[];
  /** The length of the voter's Top; 0 while the list is too short for one. */
  topSize: number;
  /** The share of that Top that we expect to belong there, from 0 to 1. */
  expectedShare: number;
  cycles: Cycles;
}

/** A thing with fewer answers gets no rank on a voter's own list. */
export const MIN_APPEARANCES = 3;

/**
 * Ranks things by the answers of one voter alone. It uses the same batch fit as the public ranking, and each
 * answer counts in full.
 * @throws RangeError for answers that are not valid
 */
export function rankAnswers({ size, left, right, score }: Answers): NumberedRanking {
  const count = left.length;
  const votes = { size, count, left, right, score, weight: new Float32Array(count).fill(1) };
  const { means, variances } = refit({ ...votes, voter: new Int32Array(count) }, { tolerance: 1e-4 });
  const appearances = new Int32Array(size);
  for (const thing of left) appearances[thing] = (appearances[thing] as number) + 1;
  for (const thing of right) appearances[thing] = (appearances[thing] as number) + 1;
  const numbers = [...appearances.keys()];
  const ranked = Int32Array.from(
    numbers.filter((thing) => (appearances[thing] as number) >= MIN_APPEARANCES),
  );
  const estimates = {
    means: Float64Array.from(ranked, (thing) => means[thing] as number),
    variances: Float64Array.from(ranked, (thing) => variances[thing] as number),
  };
  const topSize = TOP_SIZES.find((top) => 2 * top <= ranked.length) ?? 0;
  const { order, low, high, levelWithNext, expectedShare } = intervalsOf(
    estimates,
    topSize || 1,
    seededRandom(SEED),
  );
  return {
    list: Array.from(order, (at, index) => ({
      thing: ranked[at] as number,
      low: low[at] as number,
      high: high[at] as number,
      isLevelWithNext: levelWithNext[index] === 1 && index + 1 < order.length,
    })),
    unranked: numbers.filter(
      (thing) => (appearances[thing] as number) > 0 && (appearances[thing] as number) < MIN_APPEARANCES,
    ),
    topSize,
    expectedShare,
    cycles: countCycles(choicesIn({ size, left, right, score })),
  };
}

// The longest Top that leaves out as many things as it takes in. A Top 20 of 21 things would say little.
const TOP_SIZES = [20, 10, 5, 3];
// A fixed seed, so that ranges change only with the answers.
const SEED = 1;

function choicesIn({ size, left, right, score }: Answers) {
  const decided = [...left.keys()].filter((answer) => score[answer] !== 0.5);
  const side = (leftScore: number) =>
    Int32Array.from(decided, (at) => (score[at] === leftScore ? left[at] : right[at]) as number);
  return { size, chosen: side(1), other: side(0) };
}
