import type { Votes } from '../rating/graph.js';
import { type Fit, type RefitOptions, refit } from '../rating/refit.js';

/** Runs in a worker thread: the fit of all votes of a topic. */
export default function work({ votes, options }: { votes: Votes; options: RefitOptions }): Fit {
  return refit(votes, options);
}
