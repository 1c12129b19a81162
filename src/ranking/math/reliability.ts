import type { Estimates } from './online-update.js';

/**
 * How well a second, equally long round of votes would agree with this one: about the correlation of the
 * strengths of the two, from 0 to 1. It is the variance of the strengths, divided by that variance plus the
 * mean of their squared errors. That is the empirical reliability of item response theory, for strengths that
 * a prior has shrunk.
 * @param votes how many votes the estimates rest on
 * @returns undefined with fewer than ten votes a thing, when it would be 0.3 to 0.5 for pure chance, and for
 * fewer than two things
 */
export function reliabilityOf({ means, variances }: Estimates, votes: number): number | undefined {
  const size = means.length;
  if (size < 2 || votes < MIN_VOTES_A_THING * size) return undefined;
  const middle = means.reduce((sum, mean) => sum + mean, 0) / size;
  const spread = means.reduce((sum, mean) => sum + (mean - middle) ** 2, 0) / size;
  const error = variances.reduce((sum, variance) => sum + variance, 0) / size;
  return spread / (spread + error);
}

const MIN_VOTES_A_THING = 10;
