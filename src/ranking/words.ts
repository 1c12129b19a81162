import { winChance } from '../rating/online.js';
import type { Standing } from './board.js';
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
  /** Places gained (above 0) or lost since yesterday; 0 when it stayed, undefined when it was not ranked then. */
  moved: number | undefined;
}

/** Says how a thing stands, and says so when that is not known yet: under ten votes there is no number. */
export function describe(standing: Standing): Description {
  const votes = appearances(standing);
  const isNew = votes < NEW_BELOW;
  return {
    votes,
    isNew,
    score: isNew ? '' : `beats an average thing ${timesInTen(winChance(standing.mean))}`,
    moved: standing.previousRank === null ? undefined : standing.previousRank - standing.rank,
  };
}

function timesInTen(chance: number): string {
  if (chance >= 0.985) return '99 times in 100';
  if (chance >= 0.95) return '19 times in 20';
  if (chance <= 0.015) return 'once in 100 times';
  if (chance <= 0.05) return 'once in 20 times';
  const times = Math.round(chance * 10);
  return times === 1 ? 'once in 10 times' : `${times} times in 10`;
}
