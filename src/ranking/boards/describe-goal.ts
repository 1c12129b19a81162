import type { Goal } from '../../catalog/goal.js';
import type { Words } from '../../http/words.js';
import type { Board } from './board.js';

/** A goal is settled when at least this share of it is expected to be right. */
export const SETTLED = 0.95;

/** Below this share a goal is still open. */
const HALF_SETTLED = 0.75;

/** Names a goal as the title of a board: "Winner", "Top 20", "Ranking". */
export const titleOf = (goal: Goal): string =>
  goal === 'order' ? 'Ranking' : goal === 1 ? 'Winner' : `Top ${goal}`;

/** How many ranks a board shows: those of its goal, and at least the first ten. The whole order shows the first 50. */
export const shownRanks = (goal: Goal): number => (goal === 'order' ? 50 : Math.max(goal, 10));

/** Whether the votes have settled the goal of a board. */
export const isSettled = ({ size, votes, expectedShare }: Board): boolean =>
  size > 1 && votes > 0 && expectedShare >= SETTLED;

/**
 * Says in a sentence how sure the ranks of a board's goal are. The name of a thing is a part of its own. Empty while
 * there is nothing to say, because nobody has voted or there are not two things.
 */
export function describeSettled(board: Board): Words {
  const { size, votes, goal, expectedShare, standings } = board;
  if (size < 2 || votes === 0) return [];
  if (goal === 'order') return [describeOrder(expectedShare)];
  if (goal === 1) return describeWinner(standings[0]?.name ?? '', expectedShare);
  return [describeExpectedRight(expectedShare, goal)];
}

/**
 * Says how much of a Top is expected to belong there: "Settled: we expect 19 of these 20 to stay.", "We expect about
 * 17 of these 20 to stay.", "Still open: we expect about 11 of these 20 to stay."
 * @param expectedShare the share of the Top that is expected to belong there, from 0 to 1
 * @param size how many ranks the Top has
 */
export function describeExpectedRight(expectedShare: number, size: number): string {
  const right = Math.round(expectedShare * size);
  if (expectedShare >= SETTLED)
    return `Settled: we expect ${right === size ? `all ${size}` : `${right} of these ${size}`} to stay.`;
  if (expectedShare >= HALF_SETTLED)
    return `We expect about ${Math.min(right, size - 1)} of these ${size} to stay.`;
  return `Still open: we expect about ${right} of these ${size} to stay.`;
}

function describeWinner(name: string, chance: number): Words {
  const percent = Math.min(Math.round(chance * 100), 99);
  const state = chance >= SETTLED ? 'Settled' : 'Still open';
  return [`${state}: we are ${percent}\u00a0% sure that `, { name }, ' is the best.'];
}

function describeOrder(share: number): string {
  const right = Math.round(share * 100);
  return share >= SETTLED
    ? `Settled: about ${right} of 100 pairs are in the right order.`
    : `Still open: about ${right} of 100 pairs are in the right order.`;
}

/**
 * Says how sure it is that a thing belongs in the ranks of a goal: "almost certainly Top 20", "probably Top 20",
 * "Top 20 uncertain".
 * @param goal a number of ranks
 * @param chance from 0 to 1
 */
export function describeCertainty(goal: number, chance: number): string {
  const name = goal === 1 ? 'the best' : titleOf(goal);
  if (chance >= 0.975) return `almost certainly ${name}`;
  if (chance >= HALF_SETTLED) return `probably ${name}`;
  return goal === 1 ? 'may not be the best' : `${name} uncertain`;
}
