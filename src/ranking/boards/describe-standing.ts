import { ordinal } from '../../http/format.js';
import { winChance } from '../math/online-update.js';
import { TOP } from '../math/top-threshold.js';
import type { Board, Standing } from './board.js';
import { isNew, voteCount } from './rating.js';

/**
 * A standing in phrases that need no statistics. A new thing, with under ten votes, has no score to show yet.
 */
export interface StandingDescription {
  /** Number of votes, without skips. */
  votes: number;
  isNew: boolean;
  /** "wins about 70 %"; empty for a new thing. */
  summary: string;
  /** How often it beats an average thing: "70 %"; empty for a new thing. */
  winRate: string;
  /** The ranks between which its true rank lies in 95 of 100 cases: "4th–12th"; empty for a new thing. */
  range: string;
  /**
   * How sure it is that the thing belongs in the Top 20; empty for a new thing and for one outside the Top
   * 20.
   */
  certainty: '' | 'almost certainly Top 20' | 'probably Top 20' | 'Top 20 uncertain';
  /** Ranks gained (above 0) or lost (below 0) since yesterday; undefined when it was not ranked then. */
  rankChange: number | undefined;
}

/** Describes where a thing stands on a board. */
export function describeStanding(standing: Standing, { size }: Pick<Board, 'size'>): StandingDescription {
  const isNewThing = isNew(standing);
  const winRate = isNewThing ? '' : formatChance(winChance(standing.mean));
  const isInTop = standing.rank <= TOP && size > TOP;
  return {
    votes: voteCount(standing),
    isNew: isNewThing,
    summary: winRate && `wins about ${winRate}`,
    winRate,
    range: isNewThing ? '' : formatRange(standing),
    certainty: isNewThing || !isInTop ? '' : describeCertainty(standing.topChance),
    rankChange: standing.previousRank === null ? undefined : standing.previousRank - standing.rank,
  };
}

/** Says how accurate a Top 20 is as a whole. Empty when there are 20 things or fewer, or no votes. */
export const describeAccuracy = ({ size, votes, expectedRight }: Board): string =>
  size <= TOP || votes === 0 ? '' : describeExpectedRight(expectedRight, TOP);

// Below this chance, a thing's place in the Top is uncertain. Below this share of a Top, the Top is still open.
const MIN_SETTLED = 0.75;

/**
 * Says how much of a Top is expected to belong there: "About 18 of these 20 look settled.", or while that is
 * less than three quarters "Still open: we expect about 11 of these 20 to belong here."
 * @param expectedRight from 0 to `size`
 */
export function describeExpectedRight(expectedRight: number, size: number): string {
  const right = Math.round(expectedRight);
  if (right === size) return `All ${size} of these look settled.`;
  if (right < MIN_SETTLED * size)
    return `Still open: we expect about ${right} of these ${size} to belong here.`;
  return `About ${right} of these ${size} look settled.`;
}

function formatChance(chance: number): string {
  if (chance >= 0.985) return '99 %';
  if (chance >= 0.95) return '95 %';
  if (chance <= 0.015) return '1 %';
  if (chance <= 0.05) return '5 %';
  return `${Math.round(chance * 10) * 10} %`;
}

/** The ranks of a range: "4th–12th". */
export function formatRange({ low, high }: { low: number; high: number }): string {
  return low === high ? ordinal(low) : `${ordinal(low)}–${ordinal(high)}`;
}

function describeCertainty(chance: number): StandingDescription['certainty'] {
  if (chance >= 0.975) return 'almost certainly Top 20';
  return chance >= MIN_SETTLED ? 'probably Top 20' : 'Top 20 uncertain';
}
