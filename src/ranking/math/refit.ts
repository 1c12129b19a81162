import { type Graph, graphOf, type Votes } from './graph.js';
import { estimateNu, tieFactor } from './ties.js';
import { localVariances, priorInformation, raiseToClusteredVariances } from './variance.js';

/** Settings of a refit; every one has a default. */
export interface RefitOptions {
  /**
   * The fit ends when no strength changes by more than this share of itself in an iteration. 1e-3, the
   * default, is enough for a page; 1e-4 for the night.
   */
  tolerance?: number;
  /**
   * Means to start from, such as the live ones. They save iterations and change no result beyond the
   * tolerance.
   */
  start?: Float64Array;
  /**
   * Pseudo-wins and pseudo-losses of each thing against an average one; by default estimated from the votes.
   */
  lambda?: number;
  /** The fit ends after so many iterations even if it has not converged; 2,000 by default. */
  maxIterations?: number;
}

/** The strengths that explain all votes best, and how sure of them the votes make us. */
export interface Fit {
  /** Log-strengths, as in `Estimates`. */
  means: Float64Array;
  /** Squares of their standard errors, above 0. */
  variances: Float64Array;
  /** The variance of the prior of the strengths, from 0.05 to 4: how different the things are. */
  spread: number;
  /** How common ties are: Davidson's ν, 0 without ties. */
  nu: number;
  iterations: number;
}

/**
 * Fits all votes together. The result depends on the votes alone, not on their order or on an earlier fit. It
 * has the most probable strengths under the Bradley-Terry model with a weak prior, by Newman's iteration
 * (JMLR 24, 2023). The variances come from the curvature around each thing and its neighbours and from how
 * common ties are, or from the scatter between voters where that is larger. Without votes every thing is average.
 * @param graph the same votes by pair, when the caller has them already
 * @throws RangeError for votes that `graphOf` refuses, a lambda that is not above 0, or a `start` of another
 * length
 */
export function refit(votes: Votes, options: RefitOptions = {}, graph: Graph = graphOf(votes)): Fit {
  const { start = new Float64Array(votes.size), lambda, ...stop } = options;
  if (start.length !== votes.size) throw new RangeError(`${start.length} means for ${votes.size} things.`);
  if (lambda !== undefined && !(lambda > 0)) throw new RangeError('A refit needs a lambda above 0.');
  const strengths = start.map(Math.exp);
  const { spread, iterations } = lambda
    ? { spread: 2 / lambda, iterations: converge(graph, strengths, { lambda, ...stop }) }
    : estimatePrior(graph, strengths, stop);
  const prior = priorInformation(strengths, 2 / spread);
  const nu = estimateNu(graph, strengths);
  const { variances, information } = localVariances(graph, strengths, prior);
  const factor = tieFactor(graph, strengths, nu);
  // A thing without votes keeps the variance of the prior.
  for (let thing = 0; thing < votes.size; thing++)
    if ((graph.appearances[thing] as number) > 0) variances[thing] = (variances[thing] as number) * factor;
  raiseToClusteredVariances(votes, graph, { strengths, information, variances });
  return { means: strengths.map(Math.log), variances, spread, nu, iterations };
}

type StopRule = Pick<RefitOptions, 'tolerance' | 'maxIterations'>;

const ROUNDS = 3;
const [MIN_SPREAD, MAX_SPREAD] = [0.05, 4];

// It starts from a spread of 1 and not from the last one, so that a rebuild ends where the running site does.
function estimatePrior(
  graph: Graph,
  strengths: Float64Array,
  stop: StopRule,
): { spread: number; iterations: number } {
  let spread = 1;
  let iterations = converge(graph, strengths, { lambda: 2 / spread, ...stop });
  for (let round = 0; round < ROUNDS; round++) {
    spread = spreadOf(graph, strengths, 2 / spread) ?? spread;
    iterations += converge(graph, strengths, { lambda: 2 / spread, ...stop });
  }
  return { spread, iterations };
}

// It leaves out things without votes: they would only repeat what the prior says. It does not count ties as
// narrower, because that would move the order.
function spreadOf(graph: Graph, strengths: Float64Array, lambda: number): number | undefined {
  const prior = priorInformation(strengths, lambda);
  const { variances } = localVariances(graph, strengths, prior);
  let [count, sum, squares] = [0, 0, 0];
  for (let thing = 0; thing < graph.size; thing++) {
    if (graph.appearances[thing] === 0) continue;
    const mean = Math.log(strengths[thing] as number);
    count++;
    sum += mean;
    squares += mean * mean + (variances[thing] as number);
  }
  if (count === 0) return undefined;
  return Math.min(Math.max(squares / count - (sum / count) ** 2, MIN_SPREAD), MAX_SPREAD);
}

/**
 * Iterates until the strengths, e to the power of the means, change no more. With many things each iteration
 * moves them a short way in the same direction. So after every two it extrapolates that direction (SQUAREM,
 * Varadhan and Roland, Scandinavian Journal of Statistics 35, 2008, step length S3). When the next iteration
 * then changes them more than the last one did, it undoes the extrapolation.
 * @param strengths changed in place
 * @returns the number of iterations
 */
function converge(
  graph: Graph,
  strengths: Float64Array,
  { lambda, tolerance = 1e-3, maxIterations = 2_000 }: StopRule & { lambda: number },
): number {
  let change = Infinity;
  let iterations = 0;
  /** Returns whether the fit is done. */
  const iterateOnce = (): boolean => {
    change = iterate(graph, strengths, lambda);
    centre(strengths);
    iterations++;
    return change <= tolerance || iterations >= maxIterations;
  };
  centre(strengths);
  for (;;) {
    const start = strengths.slice();
    if (iterateOnce()) return iterations;
    const first = strengths.slice();
    if (iterateOnce()) return iterations;
    const [second, changeBefore] = [strengths.slice(), change];
    extrapolate(strengths, start, first);
    centre(strengths);
    if (iterateOnce()) return iterations;
    if (change > changeBefore) strengths.set(second);
  }
}

/**
 * Newman's step for each thing, one after the other; each uses the new strengths of those before it.
 * @returns the largest change of a strength, as a share of it
 */
function iterate(
  { size, starts, neighbours, wins, losses }: Graph,
  strengths: Float64Array,
  lambda: number,
): number {
  let largest = 0;
  for (let thing = 0; thing < size; thing++) {
    const own = strengths[thing] as number;
    const end = starts[thing + 1] as number;
    let won = lambda / (own + 1);
    let lost = won;
    for (let entry = starts[thing] as number; entry < end; entry++) {
      const other = strengths[neighbours[entry] as number] as number;
      const share = 1 / (own + other);
      won += (wins[entry] as number) * other * share;
      lost += (losses[entry] as number) * share;
    }
    const next = won / lost;
    strengths[thing] = next;
    largest = Math.max(largest, Math.abs(next - own) / own);
  }
  return largest;
}

// Only the weak prior sets the level of all strengths together: without this, nearly all iterations would go
// into it.
function centre(strengths: Float64Array): void {
  let shift = 0;
  for (let step = 0; step < 3; step++) {
    const factor = Math.exp(shift);
    let [excess, slope] = [-strengths.length / 2, 0];
    for (const strength of strengths) {
      const share = 1 / (1 + factor * strength);
      excess += 1 - share;
      slope += share * (1 - share);
    }
    // Where the slope is small, Newton's step goes much too far: 1 is the limit.
    if (slope > 0) shift -= Math.min(Math.max(excess / slope, -1), 1);
  }
  const factor = Math.exp(shift);
  for (let thing = 0; thing < strengths.length; thing++)
    strengths[thing] = (strengths[thing] as number) * factor;
}

/**
 * SQUAREM's step: from `start`, `first` after one iteration, and `strengths` after two, which it changes in
 * place.
 */
function extrapolate(strengths: Float64Array, start: Float64Array, first: Float64Array): void {
  const difference = first.map((strength, thing) => Math.log(strength / (start[thing] as number)));
  const curvature = strengths.map(
    (strength, thing) => Math.log(strength / (first[thing] as number)) - (difference[thing] as number),
  );
  const length = Math.max(Math.sqrt(sumOfSquares(difference) / sumOfSquares(curvature)), 1);
  if (!Number.isFinite(length)) return;
  for (let thing = 0; thing < strengths.length; thing++)
    strengths[thing] =
      (start[thing] as number) *
      Math.exp(2 * length * (difference[thing] as number) + length * length * (curvature[thing] as number));
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
