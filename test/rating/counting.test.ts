import { expect, it } from 'vitest';
import { countingOf, countingReasons, LOOKS_BACK } from '../../src/rating/counting.js';

const weights = Array.from({ length: LOOKS_BACK + 1 }, (_, skipped) => countingOf(skipped).weight);

it('counts in full the votes of whoever answers three of four pairs', () => {
  expect(weights.slice(0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(countingOf(5).reason).toBeUndefined();
});

it('counts the less the more was skipped, and says why', () => {
  for (const [skipped, weight] of weights.slice(6).entries())
    expect(weight).toBeLessThanOrEqual(weights[5 + skipped] ?? 0);
  expect(weights[LOOKS_BACK]).toBe(0.01);
  for (let skipped = 6; skipped <= LOOKS_BACK; skipped++)
    expect(countingReasons[countingOf(skipped).reason ?? 'skipping']).toMatch(/^you skipped/);
});

it('refuses what cannot have happened', () => {
  for (const skipped of [-1, 21, 0.5, Number.NaN]) expect(() => countingOf(skipped)).toThrow(RangeError);
});
