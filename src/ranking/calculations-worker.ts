import type { Intervals } from '../rating/intervals.js';
import { type Fit, refit } from '../rating/refit.js';
import { rangesOf } from './calculations.js';

/** Runs in a worker thread: the fit of all votes of a topic. */
export const fit = ([votes, options]: Parameters<typeof refit>): Fit => refit(votes, options);

/** Runs in a worker thread: where each thing of a topic may truly stand. */
export const ranges = ([field, seed]: Parameters<typeof rangesOf>): Intervals => rangesOf(field, seed);
