import { join } from 'node:path';
import { Piscina } from 'piscina';
import { root } from '../../config.js';
import { graphOf, type Votes } from '../math/graph.js';
import { type Intervals, intervalsOf } from '../math/intervals.js';
import type { Estimates } from '../math/online-update.js';
import { seededRandom } from '../math/random.js';
import { type Fit, type RefitOptions, refit } from '../math/refit.js';
import { TOP } from '../math/top-threshold.js';
import { packSnapshot, type SnapshotHeader } from './snapshots.js';

/**
 * A fit ends when no strength changes by more than this share of itself in an iteration. It is so small that
 * two fits of the same votes give the same order, wherever they start. Ten million votes take seconds with
 * it.
 */
const TOLERANCE = 1e-8;

// Up to these sizes a calculation takes less than its transfer to a thread, or a few milliseconds.
const [FEW_VOTES, FEW_THINGS] = [5_000, 250];

/** The votes of a topic, to be fitted. */
export interface FitTask {
  votes: Votes;
  options: RefitOptions;
  /** The topic's data for a snapshot of the fit; undefined when no snapshot is wanted. */
  header: SnapshotHeader | undefined;
}

/** A fit, and its snapshot if the task asked for one. */
export interface FitResult {
  fit: Fit;
  snapshot: Uint8Array | undefined;
}

/** The estimates of a topic, to find out how sure its ranks are. */
export interface IntervalsTask {
  estimates: Estimates;
  /** The seed of the random draws: the same estimates and seed give the same intervals in every process. */
  seed: number;
}

/**
 * Runs the long calculations of the ranking in a worker thread, so that the ranker can fold votes meanwhile.
 */
export class RankWorkerPool {
  readonly #workers = new Piscina<FitTask | IntervalsTask, FitResult | Intervals>({
    // The compiled file, also when tests run the sources: a worker thread loads plain JavaScript.
    filename: join(root, 'dist/src/ranking/ranker/rank-worker.js'),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 10_000,
    // The calculations use typed arrays, which lie elsewhere. A larger space would only hold more garbage.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });

  /**
   * Fits all votes of a topic together.
   * @param task the arrays of its votes may be empty afterwards, because they move to the worker thread
   * @throws RangeError for votes that `graphOf` refuses
   */
  async fit({ votes, options, header }: FitTask): Promise<FitResult> {
    const task = { votes, options: { tolerance: TOLERANCE, ...options }, header };
    if (votes.count <= FEW_VOTES) return calculateFit(task);
    const { left, right, score, weight, voter } = votes;
    const transferList = [left, right, score, weight, voter].map((array) => array.buffer as ArrayBuffer);
    return (await this.#workers.run(task, { name: 'fit', transferList })) as FitResult;
  }

  /** Finds out how sure the rank of each thing in a topic is. */
  async intervals(task: IntervalsTask): Promise<Intervals> {
    if (task.estimates.means.length <= FEW_THINGS) return calculateIntervals(task);
    return (await this.#workers.run(task, { name: 'intervals' })) as Intervals;
  }
}

/** Calculates a fit in this thread. */
export async function calculateFit({ votes, options, header }: FitTask): Promise<FitResult> {
  const graph = graphOf(votes);
  const fit = refit(votes, options, graph);
  return { fit, snapshot: header && (await packSnapshot(graph, fit, header)) };
}

/** Calculates intervals in this thread. */
export const calculateIntervals = ({ estimates, seed }: IntervalsTask): Intervals =>
  intervalsOf(estimates, TOP, seededRandom(seed));
