import { normalBelow } from './normal-distribution.js';
import type { Estimates } from './online-update.js';
import type { Random } from './random.js';

/**
 * The share of pairs (0 to 1) that are expected to be in the right order, when the things are ordered by
 * their means. Kendall's τ with the true order is expected to be twice this, less 1.
 * @param random draws the pairs to look at when there are more than 50,000; then the share is right to 0.001
 * @returns 1 for fewer than two things
 */
export function expectedOrderShare(estimates: Estimates, random: Random): number {
  const size = estimates.means.length;
  const pairs = (size * (size - 1)) / 2;
  if (pairs === 0) return 1;
  let sum = 0;
  if (pairs > MAX_PAIRS) {
    for (let pair = 0; pair < MAX_PAIRS; pair++) {
      const one = Math.floor(random() * size);
      const distance = 1 + Math.floor(random() * (size - 1));
      sum += chanceOfRightOrder(estimates, one, (one + distance) % size);
    }
    return sum / MAX_PAIRS;
  }
  for (let one = 0; one < size; one++)
    for (let other = one + 1; other < size; other++) sum += chanceOfRightOrder(estimates, one, other);
  return sum / pairs;
}

const MAX_PAIRS = 50_000;

function chanceOfRightOrder({ means, variances }: Estimates, one: number, other: number): number {
  const gap = Math.abs((means[one] as number) - (means[other] as number));
  return normalBelow(gap / Math.sqrt((variances[one] as number) + (variances[other] as number)));
}
