import type { Goal } from '../../catalog/goal.js';
import { graphOf, type Votes } from '../math/graph.js';
import { type Intervals, intervalsOf } from '../math/intervals.js';
import type { Estimates } from '../math/online-update.js';
import { seededRandom } from '../math/random.js';
import { type Fit, type RefitOptions, refit } from '../math/refit.js';
import { packSnapshot, type SnapshotHeader } from './snapshots.js';

/**
 * A fit ends when no strength changes by more than this share of itself in an iteration. It is so small that
 * two fits of the same votes give the same order, wherever they start. Ten million votes take seconds with
 * it.
 */
const TOLERANCE = 1e-8;

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
  /** The goal that fits the number of things. */
  goal: Goal;
  /** The seed of the random draws: the same estimates and seed give the same intervals in every process. */
  seed: number;
}

/** Fits all votes of a topic together. @throws RangeError for votes that `graphOf` refuses */
export async function calculateFit({ votes, options, header }: FitTask): Promise<FitResult> {
  const graph = graphOf(votes);
  const result = refit(votes, { tolerance: TOLERANCE, ...options }, graph);
  return { fit: result, snapshot: header && (await packSnapshot(graph, result, header)) };
}

/** Finds out how sure the rank of each thing in a topic is. */
export const calculateIntervals = ({ estimates, goal, seed }: IntervalsTask): Intervals =>
  intervalsOf(estimates, goal, seededRandom(seed));
