import { join } from 'node:path';
import { Piscina } from 'piscina';
import { root } from '../config.js';
import type { Votes } from '../rating/graph.js';
import { type Fit, type RefitOptions, refit } from '../rating/refit.js';

/** Up to so many votes are fitted in less time than it takes to start a thread. */
const AT_ONCE = 5_000;

/**
 * How far the last sweep may still move a strength, as a share of it. Small enough that two fits of the same votes
 * put things in the same order, wherever they started; 10 million votes take seconds at that.
 */
const TOLERANCE = 1e-6;

/** Fits all votes of a topic together, in a worker thread, so that pages stay as quick as ever meanwhile. */
export class Fitter {
  readonly #workers = new Piscina<{ votes: Votes; options: RefitOptions }, Fit>({
    // Compiled, also when tests run the sources: a worker thread loads plain JavaScript.
    filename: join(root, 'dist/src/ranking/fit-worker.js'),
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: 10_000,
  });

  /** @param votes are given away: their arrays are empty afterwards. @throws RangeError for senseless votes */
  async fit(votes: Votes, options: RefitOptions = {}): Promise<Fit> {
    const exact = { tolerance: TOLERANCE, ...options };
    if (votes.count <= AT_ONCE) return refit(votes, exact);
    const { left, right, score, weight, voter } = votes;
    const transferList = [left, right, score, weight, voter].map((array) => array.buffer as ArrayBuffer);
    return this.#workers.run({ votes, options: exact }, { transferList });
  }
}
