/** Returns the things with the highest means, strongest first. */
export function topOf(means: Float64Array, limit = 20): number[] {
  const top: number[] = [];
  for (let thing = 0; thing < means.length; thing++) {
    const mean = means[thing] ?? 0;
    if (top.length === limit && mean <= (means[top.at(-1) ?? 0] ?? 0)) continue;
    const index = top.findIndex((other) => (means[other] ?? 0) < mean);
    top.splice(index === -1 ? top.length : index, 0, thing);
    if (top.length > limit) top.pop();
  }
  return top;
}

/**
 * Returns the share of the shown Top that belongs there. A thing's index is its true rank minus 1. Ties are
 * broken backwards: before the first votes all means are equal, and otherwise the true Top would come first.
 */
export function shareRight(means: Float64Array, top: number): number {
  const backwards = means.toReversed();
  return topOf(backwards, top).filter((thing) => means.length - 1 - thing < top).length / top;
}

/** Returns the share of the shown Top 20 that belongs there. */
export const precision = (means: Float64Array): number => shareRight(means, 20);

/**
 * Returns Kendall's rank correlation with the true order, from -1 to 1. A thing's index is its true rank
 * minus 1.
 */
export function kendall(means: Float64Array): number {
  let concordant = 0;
  for (let one = 0; one < means.length; one++)
    for (let other = one + 1; other < means.length; other++)
      concordant += Math.sign((means[one] ?? 0) - (means[other] ?? 0));
  return concordant / ((means.length * (means.length - 1)) / 2);
}
