import type { Intervals } from '../math/intervals.js';
import {
  calculateFit,
  calculateIntervals,
  type FitResult,
  type FitTask,
  type IntervalsTask,
} from './rank-worker-pool.js';

/** Runs in a worker thread: fits all votes of a topic together. */
export const fit = (task: FitTask): Promise<FitResult> => calculateFit(task);

/** Runs in a worker thread: finds out how sure the rank of each thing in a topic is. */
export const intervals = (task: IntervalsTask): Intervals => calculateIntervals(task);
