import type { Goal } from '../../catalog/goal.js';
import type { Estimates } from './online-update.js';
import { topThreshold } from './top-threshold.js';

/**
 * How much each thing matters to a topic's goal now, from 0 to 1. For a Top, it is how open the question is
 * whether the thing belongs there. For the whole order, every place is open, so each thing has 1.
 */
export function focusWeights({ means, variances }: Estimates, goal: Goal): Float64Array {
  if (goal === 'order') return new Float64Array(means.length).fill(1);
  const threshold = topThreshold(means, goal);
  return means.map((mean, thing) => {
    const gap = mean - threshold;
    // The tail is longer than a Gaussian's: one unlucky vote must not lose a strong thing among very many.
    const base = 1 / (1 + (gap * gap) / (6.4 * (variances[thing] as number)));
    return base * base * base * base * base;
  });
}
