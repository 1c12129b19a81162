import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyVote, type Field, unratedField } from '../../../src/ranking/math/online.js';
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

it('follows the known trace to the last digits', () => {
  const file = new URL('./online-trace.json', import.meta.url);
  const { n_items, steps } = JSON.parse(readFileSync(file, 'utf8')) as { n_items: number; steps: Step[] };
  const field = unratedField(n_items);
  for (const step of steps) {
    applyVote(field, step.left, step.right, step.y);
    expect(at(field.means, step.left)).toBeCloseTo(step.mu_left, 12);
    expect(at(field.variances, step.left)).toBeCloseTo(step.v_left, 12);
    expect(at(field.means, step.right)).toBeCloseTo(step.mu_right, 12);
    expect(at(field.variances, step.right)).toBeCloseTo(step.v_right, 12);
  }
});

const belief = fc.record({
  // Never -0, which is no other strength than 0 but another number.
  mean: fc.double({ min: -8, max: 8, noNaN: true }).map((mean) => mean + 0),
  variance: fc.double({ min: 1e-4, max: 4, noNaN: true }),
});
const score = fc.constantFrom(0, 0.5, 1);
const weight = fc.double({ min: 0, max: 1, noNaN: true });

type Belief = { mean: number; variance: number };

const fieldOf = (...beliefs: Belief[]): Field => ({
  means: Float64Array.from(beliefs, ({ mean }) => mean),
  variances: Float64Array.from(beliefs, ({ variance }) => variance),
});

it('gives the same whichever side a thing stands on', () => {
  fc.assert(
    fc.property(belief, belief, score, weight, (one, other, points, share) => {
      const straight = fieldOf(one, other);
      const swapped = fieldOf(other, one);
      applyVote(straight, 0, 1, points, share);
      applyVote(swapped, 0, 1, 1 - points, share);
      for (const place of [0, 1]) {
        expect(at(swapped.means, 1 - place)).toBeCloseTo(at(straight.means, place), 12);
        expect(at(swapped.variances, 1 - place)).toBeCloseTo(at(straight.variances, place), 12);
      }
    }),
  );
});

it('pulls level things together by a tie, and moves the winner up and the loser down', () => {
  fc.assert(
    fc.property(belief, belief, weight, (one, other, share) => {
      const gap = ({ means }: Field): number => at(means, 0) - at(means, 1);
      const tied = fieldOf(one, other);
      applyVote(tied, 0, 1, 0.5, share);
      if (gap(tied) * (one.mean - other.mean) >= 0)
        expect(Math.abs(gap(tied))).toBeLessThanOrEqual(Math.abs(one.mean - other.mean));
      const won = fieldOf(one, other);
      applyVote(won, 0, 1, 1, share);
      expect(at(won.means, 0)).toBeGreaterThanOrEqual(one.mean);
      expect(at(won.means, 1)).toBeLessThanOrEqual(other.mean);
      expect(at(won.variances, 0)).toBeLessThanOrEqual(one.variance);
    }),
  );
});

it('orders things of equal information by their points, whichever of two level votes came first', () => {
  // Each thing meets one fresh opponent of its own a round, so every vote tells as much as the next.
  fc.assert(
    fc.property(fc.uniqueArray(score, { minLength: 2, maxLength: 3 }), (scores) => {
      const field = unratedField(2 * scores.length);
      for (const [thing, points] of scores.entries()) applyVote(field, thing, thing + scores.length, points);
      for (const [thing, points] of scores.entries())
        for (const [rival, fewer] of scores.entries())
          if (points > fewer) expect(at(field.means, thing)).toBeGreaterThan(at(field.means, rival));
    }),
  );
});

it('stays finite through a million votes at random', () => {
  const random = seededRandom(1);
  const field = unratedField(50);
  for (let vote = 0; vote < 1_000_000; vote++) {
    const left = Math.floor(random() * 50);
    const right = (left + 1 + Math.floor(random() * 49)) % 50;
    // Thing 0 wins whatever it meets.
    const points = left === 0 ? 1 : right === 0 ? 0 : Math.floor(random() * 3) / 2;
    applyVote(field, left, right, points, random());
  }
  for (const mean of field.means) expect(mean).toSatisfy(Number.isFinite);
  for (const variance of field.variances) expect(variance).toBeGreaterThan(0);
  expect(Math.max(...field.means)).toBe(field.means[0]);
});

it('moves nothing for a vote that does not count', () => {
  const field = unratedField(2);
  applyVote(field, 0, 1, 1, 0);
  expect(field).toEqual(unratedField(2));
});
