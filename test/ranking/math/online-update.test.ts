import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  applyVote,
  type Estimates,
  estimatesOf,
  initialEstimates,
} from '../../../src/ranking/math/online-update.js';
import { seededRandom } from '../../../src/ranking/math/random.js';
import { at } from './votes.js';

interface Step {
  left: number;
  right: number;
  y: number;
  mu_left: number;
  v_left: number;
  mu_right: number;
  v_right: number;
}

it('agrees with the reference trace to twelve digits', () => {
  const file = new URL('./online-trace.json', import.meta.url);
  const { n_items, steps } = JSON.parse(readFileSync(file, 'utf8')) as { n_items: number; steps: Step[] };
  const estimates = initialEstimates(n_items);
  for (const step of steps) {
    applyVote(estimates, { left: step.left, right: step.right, score: step.y });
    expect(at(estimates.means, step.left)).toBeCloseTo(step.mu_left, 12);
    expect(at(estimates.variances, step.left)).toBeCloseTo(step.v_left, 12);
    expect(at(estimates.means, step.right)).toBeCloseTo(step.mu_right, 12);
    expect(at(estimates.variances, step.right)).toBeCloseTo(step.v_right, 12);
  }
});

const estimate = fc.record({
  // Adding 0 turns -0 into 0: both are the same strength, but not the same number.
  mean: fc.double({ min: -8, max: 8, noNaN: true }).map((mean) => mean + 0),
  variance: fc.double({ min: 1e-4, max: 4, noNaN: true }),
});
const score = fc.constantFrom(0, 0.5, 1);
const weight = fc.double({ min: 0, max: 1, noNaN: true });

it('gives the same result when the sides are swapped', () => {
  fc.assert(
    fc.property(fc.tuple(estimate, estimate), score, weight, ([one, other], score, weight) => {
      const straight = estimatesOf([one, other]);
      const swapped = estimatesOf([other, one]);
      applyVote(straight, { left: 0, right: 1, score, weight });
      applyVote(swapped, { left: 0, right: 1, score: 1 - score, weight });
      for (const thing of [0, 1]) {
        expect(at(swapped.means, 1 - thing)).toBeCloseTo(at(straight.means, thing), 12);
        expect(at(swapped.variances, 1 - thing)).toBeCloseTo(at(straight.variances, thing), 12);
      }
    }),
  );
});

it('moves two things closer by a tie, and by a win the winner up and the loser down', () => {
  fc.assert(
    fc.property(estimate, estimate, weight, (one, other, weight) => {
      const gap = ({ means }: Estimates): number => at(means, 0) - at(means, 1);
      const tied = estimatesOf([one, other]);
      applyVote(tied, { left: 0, right: 1, score: 0.5, weight });
      if (gap(tied) * (one.mean - other.mean) >= 0)
        expect(Math.abs(gap(tied))).toBeLessThanOrEqual(Math.abs(one.mean - other.mean));
      const won = estimatesOf([one, other]);
      applyVote(won, { left: 0, right: 1, score: 1, weight });
      expect(at(won.means, 0)).toBeGreaterThanOrEqual(one.mean);
      expect(at(won.means, 1)).toBeLessThanOrEqual(other.mean);
      expect(at(won.variances, 0)).toBeLessThanOrEqual(one.variance);
    }),
  );
});

it('orders things by their scores when each had one vote, whatever the order of the votes', () => {
  // Each thing has a new opponent of its own, so every vote has the same information.
  fc.assert(
    fc.property(fc.uniqueArray(score, { minLength: 2, maxLength: 3 }), (scores) => {
      const estimates = initialEstimates(2 * scores.length);
      for (const [left, score] of scores.entries())
        applyVote(estimates, { left, right: left + scores.length, score });
      for (const [thing, higher] of scores.entries())
        for (const [rival, lower] of scores.entries())
          if (higher > lower) expect(at(estimates.means, thing)).toBeGreaterThan(at(estimates.means, rival));
    }),
  );
});

it('stays finite over a million random votes', () => {
  const random = seededRandom(1);
  const estimates = initialEstimates(50);
  for (let vote = 0; vote < 1_000_000; vote++) {
    const left = Math.floor(random() * 50);
    const right = (left + 1 + Math.floor(random() * 49)) % 50;
    // Thing 0 always wins.
    const score = left === 0 ? 1 : right === 0 ? 0 : Math.floor(random() * 3) / 2;
    applyVote(estimates, { left, right, score, weight: random() });
  }
  for (const mean of estimates.means) expect(mean).toSatisfy(Number.isFinite);
  for (const variance of estimates.variances) expect(variance).toBeGreaterThan(0);
  expect(Math.max(...estimates.means)).toBe(estimates.means[0]);
});

it('moves nothing by a vote of weight 0', () => {
  const estimates = initialEstimates(2);
  applyVote(estimates, { left: 0, right: 1, score: 1, weight: 0 });
  expect(estimates).toEqual(initialEstimates(2));
});
