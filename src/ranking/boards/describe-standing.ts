import { ordinal } from '../../http/format.js';
import { winChance } from '../math/online-update.js';
import type { Board, Standing } from './board.js';
import { describeCertainty } from './describe-goal.js';
import { isNew, voteCount } from './rating.js';

/**
 * A standing in phrases that need no statistics. A new thing, with under ten votes, has no score to show yet.
 */
export interface StandingDescription {
  /** Number of votes, without skips. */
  votes: number;
  isNew: boolean;
  /** How often it beats an average thing: "70 %"; empty for a new thing. */
  winRate: string;
  /** The ranks between which its true rank lies in 95 of 100 cases: "4th–12th"; empty for a new thing. */
  range: string;
  /**
   * How sure it is that the thing belongs in the ranks of the board's goal: "probably Top 20". Empty for a new thing,
   * for one outside these ranks, and when the goal is the whole order.
   */
  certainty: string;
  /** Ranks gained (above 0) or lost (below 0) since yesterday; undefined when it was not ranked then. */
  rankChange: number | undefined;
}

/** Describes where a thing stands on a board. */
export function describeStanding(
  standing: Standing,
  { goal, size }: Pick<Board, 'goal' | 'size'>,
): StandingDescription {
  const isNewThing = isNew(standing);
  const winRate = isNewThing ? '' : formatChance(winChance(standing.mean));
  const isInGoal = goal !== 'order' && standing.rank <= goal && goal < size;
  return {
    votes: voteCount(standing),
    isNew: isNewThing,
    winRate,
    range: isNewThing ? '' : formatRange(standing),
    certainty: isNewThing || !isInGoal ? '' : describeCertainty(goal, standing.topChance),
    rankChange: standing.previousRank === null ? undefined : standing.previousRank - standing.rank,
  };
}

function formatChance(chance: number): string {
  return `${roundChance(100 * chance)}\u00a0%`;
}

function roundChance(percent: number): number {
  if (percent >= 98.5) return 99;
  if (percent >= 95) return 95;
  if (percent <= 1.5) return 1;
  if (percent <= 5) return 5;
  return Math.round(percent / 10) * 10;
}

/** The ranks of a range: "4th–12th". */
export function formatRange({ low, high }: { low: number; high: number }): string {
  return low === high ? ordinal(low) : `${ordinal(low)}–${ordinal(high)}`;
}
