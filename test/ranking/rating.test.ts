import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyVote, type Rating, unrated, winChance } from '../../src/ranking/rating.js';

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
  const ratings = Array.from({ length: n_items }, unrated);
  for (const step of steps) {
    const [left, right] = [ratings[step.left], ratings[step.right]] as [Rating, Rating];
    applyVote(left, right, step.y === 1 ? 'left' : step.y === 0 ? 'right' : 'tie');
    expect(left.mean).toBeCloseTo(step.mu_left, 12);
    expect(left.variance).toBeCloseTo(step.v_left, 12);
    expect(right.mean).toBeCloseTo(step.mu_right, 12);
    expect(right.variance).toBeCloseTo(step.v_right, 12);
  }
  expect(steps.length).toBeGreaterThan(10);
});

const rating = fc.record({
  mean: fc.double({ min: -8, max: 8, noNaN: true }),
  variance: fc.double({ min: 1e-4, max: 4, noNaN: true }),
  wins: fc.nat(100),
  losses: fc.nat(100),
  ties: fc.nat(100),
});
const outcome = fc.constantFrom('left', 'right', 'tie', 'skip');

it('gives the same result with the sides swapped', () => {
  const other = { left: 'right', right: 'left', tie: 'tie', skip: 'skip' } as const;
  fc.assert(
    fc.property(rating, rating, outcome, (one, two, choice) => {
      const [a, b, c, d] = [{ ...one }, { ...two }, { ...one }, { ...two }];
      applyVote(a, b, choice);
      applyVote(d, c, other[choice]);
      expect(a.mean).toBeCloseTo(c.mean, 12);
      expect(b.mean).toBeCloseTo(d.mean, 12);
      expect({ ...a, mean: 0, variance: 0 }).toEqual({ ...c, mean: 0, variance: 0 });
    }),
  );
});

it('moves the chosen up, the other down, ties together, and nothing for a skip', () => {
  fc.assert(
    fc.property(rating, rating, outcome, (one, two, choice) => {
      const [left, right] = [{ ...one }, { ...two }];
      applyVote(left, right, choice);
      if (choice === 'skip') expect([left, right]).toEqual([one, two]);
      if (choice === 'left') expect(left.mean).toBeGreaterThan(one.mean);
      if (choice === 'right') expect(left.mean).toBeLessThan(one.mean);
      if (choice === 'tie' && Math.abs(one.mean - two.mean) > 1e-6)
        expect(Math.sign(left.mean - one.mean)).toBe(Math.sign(winChance(two.mean - one.mean) - 0.5));
      expect(left.variance).toBeLessThanOrEqual(one.variance);
      expect(left.variance).toBeGreaterThan(0);
    }),
  );
});

it('stays finite over a hundred thousand random votes', () => {
  const ratings = Array.from({ length: 50 }, unrated);
  const choices = ['left', 'right', 'tie'] as const;
  let seed = 42;
  const random = (below: number): number => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let vote = 0; vote < 100_000; vote++) {
    const one = random(50);
    const [left, right] = [ratings[one], ratings[(one + 1 + random(49)) % 50]] as [Rating, Rating];
    applyVote(left, right, choices[random(3)] ?? 'tie', random(101) / 100);
  }
  expect(ratings.every(({ mean, variance }) => Number.isFinite(mean) && variance > 0)).toBe(true);
});
