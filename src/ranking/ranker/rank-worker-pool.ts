import { join } from 'node:path';
import { Piscina } from 'piscina';
import { root } from '../../config.js';
import { graphOf, type Votes } from '../math/graph.js';
import { type Intervals, intervalsOf } from '../math/intervals.js';
import type { Field } from '../math/online.js';
import { seededRandom } from '../math/random.js';
import { type Fit, type RefitOptions, refit } from '../math/refit.js';
import { TOP } from '../math/top-threshold.js';
import { packSnapshot, type SnapshotHead } from './snapshots.js';

/**
 * How far the last sweep of a fit may still move a strength, as a share of it. So small that two fits of the same
 * votes put things in the same order, wherever they started; 10 million votes take seconds at that.
 */
const TOLERANCE = 1e-8;

// Up to here the work takes less than handing it over to a thread, or a few milliseconds.
const [FEW_VOTES, FEW_THINGS] = [5_000, 250];

/** The votes of a topic, to be fitted. */
export interface FitTask {
  votes: Votes;
  options: RefitOptions;
  /** What a snapshot of the fit says of the topic; undefined when none is wanted. */
  head: SnapshotHead | undefined;
}

/** What came of it. */
export interface FitResult {
  fit: Fit;
  snapshot: Uint8Array | undefined;
}

/** The long calculations of the ranking, in a worker thread, so that the ranker can fold votes meanwhile. */
export class RankWorkers {
  readonly #workers = new Piscina<FitTask | Parameters<typeof rangesOf>, FitResult | Intervals>({
    // Compiled, also when tests run the sources: a worker thread loads plain JavaScript.
    filename: join(root, 'dist/src/ranking/ranker/rank-worker.js'),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 10_000,
  });

  /**
   * Fits all votes of a topic together.
   * @param task its votes are given away: their arrays may be empty afterwards
   * @throws RangeError for senseless votes
   */
  async fit({ votes, options, head }: FitTask): Promise<FitResult> {
    const task = { votes, options: { tolerance: TOLERANCE, ...options }, head };
    if (votes.count <= FEW_VOTES) return fitOf(task);
    const { left, right, score, weight, voter } = votes;
    const transferList = [left, right, score, weight, voter].map((array) => array.buffer as ArrayBuffer);
    return (await this.#workers.run(task, { name: 'fit', transferList })) as FitResult;
  }

  /**
   * Finds out where each thing of a topic may truly stand.
   * @param seed makes the same beliefs come to the same ranges in every process
   */
  async ranges(field: Field, seed: number): Promise<Intervals> {
    if (field.means.length <= FEW_THINGS) return rangesOf(field, seed);
    return (await this.#workers.run([field, seed], { name: 'ranges' })) as Intervals;
  }
}

/** The fit in this thread. */
export async function fitOf({ votes, options, head }: FitTask): Promise<FitResult> {
  const graph = graphOf(votes);
  const fit = refit(votes, options, graph);
  return { fit, snapshot: head && (await packSnapshot(graph, fit, head)) };
}

/** The ranges in this thread. */
export const rangesOf = (field: Field, seed: number): Intervals =>
  intervalsOf(field, TOP, seededRandom(seed));
