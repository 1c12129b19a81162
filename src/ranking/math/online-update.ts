/** What the votes say about the strength of every thing in a topic. A thing is an index, from 0. */
export interface Estimates {
  /** Log-strengths: an average thing is at 0, and one at 1.1 beats it three times in four. */
  means: Float64Array;
  /** Squares of the standard errors of `means`, above 0; 1 before the first vote. */
  variances: Float64Array;
}

/** The estimates before the first vote: every thing is average, with variance 1. */
export const initialEstimates = (size: number): Estimates => ({
  means: new Float64Array(size),
  variances: new Float64Array(size).fill(1),
});

/** Puts the estimates of single things into arrays. */
export const estimatesOf = (things: { mean: number; variance: number }[]): Estimates => ({
  means: Float64Array.from(things, (thing) => thing.mean),
  variances: Float64Array.from(things, (thing) => thing.variance),
});

/** One vote on two things, as the mathematics needs it. */
export interface Comparison {
  left: number;
  right: number;
  /** 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same. */
  score: number;
  /** How much the vote counts, from 0 (moves nothing) to 1, which is the default. */
  weight?: number;
}

/**
 * Moves the estimates of two things by one vote, in place: up for the chosen thing, down for the other. The
 * larger the variance of a thing, the further it moves. This is the online Bradley-Terry update with a
 * Gaussian for each thing (Weng and Lin, JMLR 12, 2011), with the logistic's variance correction of MacKay
 * (Neural Computation 4, 1992). Swapping the sides gives the same result.
 */
export function applyVote(
  { means, variances }: Estimates,
  { left, right, score, weight = 1 }: Comparison,
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
  variances[left] = leftVariance * Math.max(1 - leftVariance * information, MIN_VARIANCE_FACTOR);
  variances[right] = rightVariance * Math.max(1 - rightVariance * information, MIN_VARIANCE_FACTOR);
}

/** The chance (0 to 1) that a thing beats one whose log-strength is lower by `difference`. */
export const winChance = (difference: number): number => 1 / (1 + Math.exp(-difference));

/** One vote leaves at least this share of a variance. */
const MIN_VARIANCE_FACTOR = 0.05;
