/** What is believed of the strength of every thing in a topic; a thing is its index, from 0. */
export interface Field {
  /** Log-strengths: an average thing stands at 0, and one at 1.1 beats it three times in four. */
  means: Float64Array;
  /** Squares of the standard errors of `means`, above 0; 1 before the first vote. */
  variances: Float64Array;
}

/** Things nobody has voted on yet: average, as far as anyone knows. */
export const unratedField = (size: number): Field => ({
  means: new Float64Array(size),
  variances: new Float64Array(size).fill(1),
});

/**
 * Moves two things by one vote, in place: the one chosen up, the other down, and the less is known of a
 * thing the further. The online Bradley-Terry update with a Gaussian belief a thing (Weng and Lin, JMLR 12,
 * 2011, with the logistic's variance correction of MacKay, Neural Computation 4, 1992). Swapping the sides
 * gives the same.
 * @param score 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same
 * @param weight how much the vote counts, from 0 (moves nothing) to 1
 */
export function applyVote(
  { means, variances }: Field,
  left: number,
  right: number,
  score: number,
  weight = 1,
): void {
  const leftMean = means[left] as number;
  const rightMean = means[right] as number;
  const leftVariance = variances[left] as number;
  const rightVariance = variances[right] as number;
  const damping = 1 / Math.sqrt(1 + (Math.PI * (leftVariance + rightVariance)) / 8);
  const expected = winChance(damping * (leftMean - rightMean));
  const step = weight * damping * (score - expected);
  const information = weight * damping * damping * expected * (1 - expected);

  means[left] = leftMean + leftVariance * step;
  means[right] = rightMean - rightVariance * step;
  variances[left] = leftVariance * Math.max(1 - leftVariance * information, LEAST_LEFT);
  variances[right] = rightVariance * Math.max(1 - rightVariance * information, LEAST_LEFT);
}

/** The chance (0 to 1) that a thing beats one whose log-strength lies `difference` below its own. */
export const winChance = (difference: number): number => 1 / (1 + Math.exp(-difference));

/** No single vote makes anyone surer than twentyfold. */
const LEAST_LEFT = 0.05;

/** Beliefs about things, in arrays. */
export const fieldOf = (things: { mean: number; variance: number }[]): Field => ({
  means: Float64Array.from(things, (thing) => thing.mean),
  variances: Float64Array.from(things, (thing) => thing.variance),
});
