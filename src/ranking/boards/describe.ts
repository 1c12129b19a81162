import { ordinal } from '../../http/format.js';
import { winChance } from '../math/online.js';
import { TOP } from '../math/top-threshold.js';
import type { Board, Standing } from './board.js';
import { appearances } from './rating.js';

/** Votes below which a thing is shown as new and without a number. */
export const NEW_BELOW = 10;

/** A standing in words that need no statistics. */
export interface Description {
  votes: number;
  /** Too few votes for a number. */
  isNew: boolean;
  /** "beats an average thing 7 times in 10"; empty while new. */
  score: string;
  /** How often that is: "7 times in 10"; empty while new. */
  times: string;
  /** Where its true place lies, in 95 of 100 cases: "4th to 12th"; empty while new. */
  range: string;
  /** How sure it is that a thing shown in the Top 20 belongs there; empty while new and for all others. */
  certainty: '' | 'almost certain' | 'likely' | 'could go either way';
  /** Places gained (above 0) or lost since yesterday; 0 when it stayed, undefined when it was not ranked then. */
  moved: number | undefined;
}

/** Says how a thing stands, and says so when that is not known yet: under ten votes there is no number. */
export function describe(standing: Standing, board: Pick<Board, 'size'>): Description {
  const votes = appearances(standing);
  const isNew = votes < NEW_BELOW;
  const times = isNew ? '' : timesInTen(winChance(standing.mean));
  const isInTop = standing.rank <= TOP && board.size > TOP;
  return {
    votes,
    isNew,
    score: times && `beats an average thing ${times}`,
    times,
    range: isNew ? '' : rangeOf(standing),
    certainty: isNew || !isInTop ? '' : certaintyOf(standing.topChance),
    moved: standing.previousRank === null ? undefined : standing.previousRank - standing.rank,
  };
}

/**
 * How settled a Top 20 is as a whole: "We expect 18 of these 20 to belong here." Empty when there are not more
 * than 20 things, or no votes.
 */
export function settledness({ size, votes, expectedRight }: Board): string {
  if (size <= TOP || votes === 0) return '';
  const right = Math.round(expectedRight);
  if (right === TOP) return `We expect all ${TOP} of these to belong here.`;
  return `We expect ${right} of these ${TOP} to belong here; which ones, more votes will tell.`;
}

function rangeOf({ low, high }: Standing): string {
  return low === high ? ordinal(low) : `${ordinal(low)} to ${ordinal(high)}`;
}

function certaintyOf(chance: number): Description['certainty'] {
  if (chance >= 0.975) return 'almost certain';
  return chance >= 0.75 ? 'likely' : 'could go either way';
}

function timesInTen(chance: number): string {
  if (chance >= 0.985) return '99 times in 100';
  if (chance >= 0.95) return '19 times in 20';
  if (chance <= 0.015) return 'once in 100 times';
  if (chance <= 0.05) return 'once in 20 times';
  const times = Math.round(chance * 10);
  return times === 1 ? 'once in 10 times' : `${times} times in 10`;
}
