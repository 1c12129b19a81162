import { longestTop } from '../catalog/goal.js';
import { intervalsOf } from '../ranking/math/intervals.js';
import type { Estimates } from '../ranking/math/online-update.js';
import { fitOwn, withoutVotes } from '../ranking/math/own-fit.js';
import { seededRandom } from '../ranking/math/random.js';
import { type Cycles, countCycles } from './cycles.js';

/**
 * A voter's answers in a topic, oldest first. Each array of answers has one element for each answer. Things are
 * numbered from 0.
 */
export interface Answers {
  size: number;
  left: Int32Array;
  right: Int32Array;
  /** 1 when the left thing was chosen, 0 when the right one was, 0.5 when both are about the same. */
  score: Float32Array;
  /** Everyone's estimates of the things. */
  crowd: Estimates;
  /** How much each answer counts in those estimates; 0 for one that they do not have. */
  weightInCrowd: Float32Array;
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
  /** The things of the answers, strongest first. */
  list: RankedThing[];
  /** The length of the voter's Top; 0 while the list is too short for one. */
  topSize: number;
  /** The share of that Top that we expect to belong there, from 0 to 1. */
  expectedShare: number;
  cycles: Cycles;
}

/**
 * Ranks the things of one voter's answers. What the answers leave open is taken from everyone's strengths, as they
 * would be without these answers. Each answer counts in full.
 * @throws RangeError for answers that are not valid
 */
export function rankAnswers({ size, left, right, score, crowd, weightInCrowd }: Answers): NumberedRanking {
  const count = left.length;
  const weight = new Float32Array(count).fill(1);
  const votes = { size, count, left, right, score, weight, voter: new Int32Array(count) };
  const others = withoutVotes(crowd, { ...votes, weight: weightInCrowd });
  const estimates = fitOwn(votes, others.means);
  const topSize = longestTop(size) ?? 0;
  const { order, low, high, levelWithNext, expectedShare } = intervalsOf(
    estimates,
    topSize || 1,
    seededRandom(SEED),
  );
  return {
    list: Array.from(order, (thing, index) => ({
      thing,
      low: low[thing] as number,
      high: high[thing] as number,
      isLevelWithNext: levelWithNext[index] === 1 && index + 1 < order.length,
    })),
    topSize,
    expectedShare,
    cycles: countCycles(choicesIn({ size, left, right, score })),
  };
}

// A fixed seed, so that ranges change only with the answers.
const SEED = 1;

function choicesIn({ size, left, right, score }: Pick<Answers, 'size' | 'left' | 'right' | 'score'>) {
  const decided = [...left.keys()].filter((answer) => score[answer] !== 0.5);
  const side = (leftScore: number) =>
    Int32Array.from(decided, (at) => (score[at] === leftScore ? left[at] : right[at]) as number);
  return { size, chosen: side(1), other: side(0) };
}
