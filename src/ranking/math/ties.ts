import type { Graph } from './graph.js';

/**
 * The chance (0 to 1) that an answer is a tie, by the model of R. R. Davidson (*On extending the Bradley-Terry
 * model to accommodate ties in paired comparison experiments*, JASA 65, 1970). With r = √(πᵢ/πⱼ), that model
 * has the chance t = ν/(r + 1/r + ν) and the mean score p = (r + ν/2)/(r + 1/r + ν). The fit gives p, so r is
 * eliminated here. Then p(1 − p) − t/4, the variance of a score of 1, ½ or 0, is never negative.
 * @param information p(1 − p), above 0 and at most ¼
 * @param nu how common ties are: 0 for never
 */
export const tieChance = (information: number, nu: number): number =>
  nu === 0 ? 0 : (4 * information) / (1 + Math.sqrt(1 - 4 * information + (16 * information) / (nu * nu)));

/**
 * Estimates Davidson's ν: with it, as many ties are expected as there were. That is its maximum likelihood
 * equation, and the iteration is Davidson's, for the strengths of the fit. One more vote, for one of two equal
 * things, is counted, so that ν stays finite when every vote is a tie.
 * @param strengths e to the power of the means
 * @returns 0 without ties
 */
export function estimateNu(graph: Graph, strengths: Float64Array): number {
  const { ties, votes } = graph;
  // The solution among equal things.
  let nu = (2 * ties) / (votes + 1 - ties);
  for (let step = 0; step < MAX_STEPS && ties > 0; step++) {
    const next = (nu * ties) / (nu / (2 + nu) + expectedSums(graph, strengths, nu).ties);
    const isDone = Math.abs(next - nu) <= TOLERANCE * nu;
    nu = next;
    if (isDone) break;
  }
  return nu;
}

/**
 * How much narrower ties make the errors of a fit: the factor φ = Σ(p(1 − p) − t/4) / Σ p(1 − p) over all
 * votes, for its variances. An answer that may be a tie scatters less than one that is a win or a loss.
 * @returns above 0, and 1 without ties
 */
export function tieFactor(graph: Graph, strengths: Float64Array, nu: number): number {
  if (nu === 0) return 1;
  const { ties, information } = expectedSums(graph, strengths, nu);
  return 1 - ties / (4 * information);
}

/** The expected number of ties, and Σ p(1 − p), over all votes with their weights. */
function expectedSums(
  { size, starts, neighbours, wins, losses }: Graph,
  strengths: Float64Array,
  nu: number,
): { ties: number; information: number } {
  const sums = { ties: 0, information: 0 };
  for (let thing = 0; thing < size; thing++) {
    const own = strengths[thing] as number;
    const end = starts[thing + 1] as number;
    for (let entry = starts[thing] as number; entry < end; entry++) {
      if ((neighbours[entry] as number) < thing) continue;
      const other = strengths[neighbours[entry] as number] as number;
      const information = (own * other) / ((own + other) * (own + other));
      const weight = (wins[entry] as number) + (losses[entry] as number);
      sums.ties += weight * tieChance(information, nu);
      sums.information += weight * information;
    }
  }
  return sums;
}

const MAX_STEPS = 30;
const TOLERANCE = 1e-4;
