import type { Intervals } from '../math/intervals.js';
import { type FitResult, type FitTask, fitOf, rangesOf } from './rank-worker-pool.js';

/** Runs in a worker thread: the fit of all votes of a topic. */
export const fit = (task: FitTask): Promise<FitResult> => fitOf(task);

/** Runs in a worker thread: where each thing of a topic may truly stand. */
export const ranges = ([field, seed]: Parameters<typeof rangesOf>): Intervals => rangesOf(field, seed);
