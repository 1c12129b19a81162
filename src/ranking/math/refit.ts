import { type Graph, graphOf, type Votes } from './graph.js';
import { addClustering, localVariances } from './variance.js';

/** How a refit is to run; every value has a default. */
export interface RefitOptions {
  /**
   * Largest relative change of a strength in the last sweep; 1e-3 is enough for a page, 1e-4 for the night.
   */
  tolerance?: number;
  /** Means to start from, such as the live ones: saves sweeps, and changes nothing beyond the tolerance. */
  start?: Float64Array;
  /**
   * So many pseudo-wins and pseudo-losses against an average thing; left out, they are learned from the
   * votes.
   */
  lambda?: number;
  /** Sweeps after which a fit ends even if it has not settled. */
  mostSweeps?: number;
}

/** The strengths that explain all votes best, and how sure of them the votes make us. */
export interface Fit {
  /** Log-strengths, as in `Field`. */
  means: Float64Array;
  /** Squares of their standard errors, above 0. */
  variances: Float64Array;
  /** How far opinions lie apart: the variance of strengths (from 0.05 to 4) that stood before the votes. */
  spread: number;
  sweeps: number;
}

/**
 * Fits all votes at once, whatever their order: what a ranking owes to the whole ledger. The most probable
 * strengths under Bradley and Terry's model with a weak prior, by Newman's iteration (JMLR 24, 2023), with
 * variances from the curvature around each thing and its neighbours, or from the scatter between voters
 * where that is larger. Without votes everything is average. Depends on the votes alone, not on what was
 * fitted before.
 * @param graph the same votes by pair, when they are gathered already
 * @throws RangeError for senseless votes, a lambda that is not above 0, or means to start from of another
 * length
 */
export function refit(votes: Votes, options: RefitOptions = {}, graph: Graph = graphOf(votes)): Fit {
  const { start = new Float64Array(votes.size), lambda, ...stop } = options;
  if (start.length !== votes.size) throw new RangeError(`${start.length} means for ${votes.size} things.`);
  if (lambda !== undefined && !(lambda > 0)) throw new RangeError('A refit needs a lambda above 0.');
  const strengths = start.map(Math.exp);
  const { spread, sweeps } = lambda
    ? { spread: 2 / lambda, sweeps: settle(graph, strengths, lambda, stop) }
    : learnPrior(graph, strengths, stop);
  const prior = lambda ?? 2 / spread;
  const { variances, information } = localVariances(graph, strengths, prior);
  addClustering(votes, graph, strengths, information, variances);
  return { means: strengths.map(Math.log), variances, spread, sweeps };
}

type Stop = Pick<RefitOptions, 'tolerance' | 'mostSweeps'>;

const ROUNDS = 3;
const [LEAST_SPREAD, MOST_SPREAD] = [0.05, 4];

// From 1 each time, and not from the last prior: a rebuild has to end where the running site does.
function learnPrior(graph: Graph, strengths: Float64Array, stop: Stop): { spread: number; sweeps: number } {
  let spread = 1;
  let sweeps = settle(graph, strengths, 2 / spread, stop);
  for (let round = 0; round < ROUNDS; round++) {
    spread = spreadOf(graph, strengths, 2 / spread) ?? spread;
    sweeps += settle(graph, strengths, 2 / spread, stop);
  }
  return { spread, sweeps };
}

// Things without a vote say nothing about the spread but what the prior said.
function spreadOf(graph: Graph, strengths: Float64Array, lambda: number): number | undefined {
  const { variances } = localVariances(graph, strengths, lambda);
  let [seen, sum, squares] = [0, 0, 0];
  for (let thing = 0; thing < graph.size; thing++) {
    if (graph.appearances[thing] === 0) continue;
    const mean = Math.log(strengths[thing] as number);
    seen++;
    sum += mean;
    squares += mean * mean + (variances[thing] as number);
  }
  if (seen === 0) return undefined;
  return Math.min(Math.max(squares / seen - (sum / seen) ** 2, LEAST_SPREAD), MOST_SPREAD);
}

/**
 * Sweeps until the strengths, e to the power of the means, stay where they are; returns how often.
 *
 * Among many things each sweep goes the same short way as the one before it. So after each two it leaps as far as these
 * point (SQUAREM, Varadhan and Roland, Scandinavian Journal of Statistics 35, 2008, step length S3), and takes the leap
 * back when the next sweep finds itself further from the end than before.
 */
function settle(
  graph: Graph,
  strengths: Float64Array,
  lambda: number,
  { tolerance = 1e-3, mostSweeps = 2_000 }: Stop,
): number {
  let change = Infinity;
  let sweeps = 0;
  const settles = (): boolean => {
    change = sweep(graph, strengths, lambda);
    recentre(strengths);
    sweeps++;
    return change <= tolerance || sweeps >= mostSweeps;
  };
  recentre(strengths);
  for (;;) {
    const start = strengths.slice();
    if (settles()) return sweeps;
    const first = strengths.slice();
    if (settles()) return sweeps;
    const [second, before] = [strengths.slice(), change];
    leap(strengths, start, first);
    recentre(strengths);
    if (settles()) return sweeps;
    if (change > before) strengths.set(second);
  }
}

/** Moves strengths on from where two sweeps have brought them, by the length that their difference gives. */
function leap(strengths: Float64Array, start: Float64Array, first: Float64Array): void {
  const way = first.map((strength, thing) => Math.log(strength / (start[thing] as number)));
  const bend = strengths.map(
    (strength, thing) => Math.log(strength / (first[thing] as number)) - (way[thing] as number),
  );
  const length = Math.max(Math.sqrt(sumOfSquares(way) / sumOfSquares(bend)), 1);
  if (!Number.isFinite(length)) return;
  for (let thing = 0; thing < strengths.length; thing++)
    strengths[thing] =
      (start[thing] as number) *
      Math.exp(2 * length * (way[thing] as number) + length * length * (bend[thing] as number));
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);

/**
 * Newman's step for each thing in turn, each seeing those before it moved; returns the largest relative
 * change.
 */
function sweep(
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
    for (let at = starts[thing] as number; at < end; at++) {
      const other = strengths[neighbours[at] as number] as number;
      const share = 1 / (own + other);
      won += (wins[at] as number) * other * share;
      lost += (losses[at] as number) * share;
    }
    const moved = won / lost;
    strengths[thing] = moved;
    largest = Math.max(largest, Math.abs(moved - own) / own);
  }
  return largest;
}

// Only the weak prior knows how high all things stand together: without this, nearly all sweeps go into that.
function recentre(strengths: Float64Array): void {
  let shift = 0;
  for (let step = 0; step < 3; step++) {
    const factor = Math.exp(shift);
    let [excess, slope] = [-strengths.length / 2, 0];
    for (const strength of strengths) {
      const share = 1 / (1 + factor * strength);
      excess += 1 - share;
      slope += share * (1 - share);
    }
    // Newton's step leaps from a flat place; one unit at a time is far enough.
    if (slope > 0) shift -= Math.min(Math.max(excess / slope, -1), 1);
  }
  const factor = Math.exp(shift);
  for (let thing = 0; thing < strengths.length; thing++)
    strengths[thing] = (strengths[thing] as number) * factor;
}
