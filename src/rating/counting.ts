/** How much a vote counts, and why not in full. */
export interface Counting {
  /** From 0.01 to 1. */
  weight: number;
  /** Absent when the vote counts in full. */
  reason?: CountingReason;
}

/** Why a vote counts in part; in words: `countingReasons`. */
export type CountingReason = 'skipping' | 'asked';

/** What a receipt says after "It counts in part: ". */
export const countingReasons: Record<CountingReason, string> = {
  skipping: 'you skipped more than five of the twenty pairs before it',
  asked: 'you asked for that pair',
};

/** How many pairs of a voter in a topic, answered or not, the counting looks back on. */
export const LOOKS_BACK = 20;

/**
 * How much a vote counts. All votes of people who answer most of what they are shown count in full; those
 * of people who skip until a certain thing comes count ever less, so that picking one's pairs moves a
 * ranking hardly more than taking them as they come. The weight is the square of the share answered among the
 * last 20 pairs, over 3/4. Found by simulation: docs/ranking.md.
 * @param skippedLately of the voter's last 20 pairs in this topic before this one, those that they skipped,
 * said they don't know, or took back and left open; pairs that a new voter has not had yet count as answered
 * @throws RangeError for anything but a whole number from 0 to 20
 */
export function countingOf(skippedLately: number): Counting {
  if (!Number.isInteger(skippedLately) || skippedLately < 0 || skippedLately > LOOKS_BACK)
    throw new RangeError(`${skippedLately} of ${LOOKS_BACK} pairs cannot have been skipped.`);
  if (skippedLately <= FREE) return { weight: 1 };
  const answered = (LOOKS_BACK - skippedLately) / (LOOKS_BACK - FREE);
  return { weight: Math.max(answered ** 2, LEAST_WEIGHT), reason: 'skipping' };
}

/**
 * How much an answer to a pair counts that its voter asked for by one of its things: as often as chance would have
 * brought a pair with that thing, 2 times in N among N things (weighting by the inverse of how likely a choice was made:
 * D. G. Horvitz and D. J. Thompson, Journal of the American Statistical Association 47, 1952). So nobody moves a thing
 * further by asking for it than by taking what comes.
 * @param things how many can be voted on, 2 or more
 */
export function countingOfAsked(things: number): Counting {
  return { weight: Math.min(1, 2 / things), reason: 'asked' };
}

const FREE = 5;
const LEAST_WEIGHT = 0.01;
