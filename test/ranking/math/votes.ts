import type { Votes } from '../../../src/ranking/math/graph.js';

/** One vote as a test writes it; by default a win of the left with weight 1 and no voter. */
export interface Cast {
  left: number;
  right: number;
  score?: number;
  weight?: number;
  voter?: number;
}

/** Votes as a refit reads them. */
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

/** The things, strongest first. */
export const orderOf = (means: Float64Array): number[] =>
  Array.from(means.keys()).sort((one, other) => (means[other] ?? 0) - (means[one] ?? 0));

/** The element at an index. @throws RangeError when there is none */
export function at<Element>(list: ArrayLike<Element>, index: number): Element {
  const element = list[index];
  if (element === undefined) throw new RangeError(`No element ${index} of ${list.length}.`);
  return element;
}
