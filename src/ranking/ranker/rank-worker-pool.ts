import { Piscina } from 'piscina';
import type { Intervals } from '../math/intervals.js';
import {
  calculateFit,
  calculateIntervals,
  type FitResult,
  type FitTask,
  type IntervalsTask,
} from './rank-worker.js';

// Up to these sizes a calculation takes less than its transfer to a thread, or a few milliseconds.
const [FEW_VOTES, FEW_THINGS] = [5_000, 250];

/**
 * Runs the long calculations of the ranking in a worker thread, so that the ranker can fold votes meanwhile.
 */
export class RankWorkerPool {
  readonly #workers = new Piscina<FitTask | IntervalsTask, FitResult | Intervals>({
    filename: new URL('./rank-worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 10_000,
    // An import of 100,000 votes on 100,000 things takes some 20 MB less with it. Most data is in typed arrays,
    // which this does not limit.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });

  /**
   * Fits all votes of a topic together.
   * @param task the arrays of its votes may be empty afterwards, because they move to the worker thread
   * @throws RangeError for votes that `graphOf` refuses
   */
  async fit({ votes, options, header }: FitTask): Promise<FitResult> {
    if (votes.count <= FEW_VOTES) return calculateFit({ votes, options, header });
    const { left, right, score, weight, voter } = votes;
    const transferList = [left, right, score, weight, voter].map((array) => array.buffer as ArrayBuffer);
    return (await this.#workers.run(
      { votes, options, header },
      { name: 'calculateFit', transferList },
    )) as FitResult;
  }

  /** Finds out how sure the rank of each thing in a topic is. */
  async intervals(task: IntervalsTask): Promise<Intervals> {
    if (task.estimates.means.length <= FEW_THINGS) return calculateIntervals(task);
    return (await this.#workers.run(task, { name: 'calculateIntervals' })) as Intervals;
  }
}
