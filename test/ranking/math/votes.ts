import type { Votes } from '../../../src/ranking/math/graph.js';

/** One vote as a test writes it. */
export interface Cast {
  left: number;
  right: number;
  score?: number;
  weight?: number;
  voter?: number;
}

/** Votes in the form that a refit reads. */
export function votesOf(size: number, casts: Cast[]): Votes {
  return {
    size,
    count: casts.length,
    left: Int32Array.from(casts, ({ left }) => left),
    right: Int32Array.from(casts, ({ right }) => right),
    score: Float32Array.from(casts, ({ score = 1 }) => score),
    weight: Float32Array.from(casts, ({ weight = 1 }) => weight),
    voter: Int32Array.from(casts, ({ voter = -1 }) => voter),
  };
}

/** The things of a field, strongest first. */
export const orderOf = (means: Float64Array): number[] =>
  Array.from(means.keys()).sort((one, other) => (means[other] ?? 0) - (means[one] ?? 0));

/** What stands at `place`; a test that reads beyond an array is wrong. */
export function at<Element>(list: ArrayLike<Element>, place: number): Element {
  const found = list[place];
  if (found === undefined) throw new RangeError(`Nothing at ${place} of ${list.length}.`);
  return found;
}
