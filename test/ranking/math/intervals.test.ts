import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalsOf } from '../../../src/ranking/math/intervals.js';
import { type Field, unratedField } from '../../../src/ranking/math/online.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { at, orderOf } from './votes.js';

const TOP = 20;

it('knows nothing of a topic without votes: every place is open', () => {
  const { low, high, topChance, expectedRight, order, level } = intervalsOf(
    unratedField(200),
    TOP,
    seededRandom(1),
  );
  for (const end of low) expect(end).toBeLessThanOrEqual(15);
  for (const end of high) expect(end).toBeGreaterThanOrEqual(185);
  for (const chance of topChance) expect(Math.abs(chance - 0.1)).toBeLessThan(0.06);
  expect(expectedRight).toBeCloseTo(2, 0);
  expect(order).toEqual(Int32Array.from(order.keys()));
  expect(level.slice(0, -1).every((flag) => flag === 1)).toBe(true);
  expect(level.at(-1)).toBe(0);
});

it('is sure where the beliefs are', () => {
  const means = Float64Array.from({ length: 100 }, (_, thing) => thing / 10);
  const field = { means, variances: new Float64Array(100).fill(1e-6) };
  const { low, high, topChance, expectedRight, level } = intervalsOf(field, TOP, seededRandom(2));
  for (const thing of means.keys()) {
    expect([at(low, thing), at(high, thing)]).toEqual([100 - thing, 100 - thing]);
    expect(at(topChance, thing)).toBeCloseTo(thing >= 80 ? 1 : 0, 9);
  }
  expect(expectedRight).toBeCloseTo(TOP, 9);
  expect(level.every((flag) => flag === 0)).toBe(true);
});

it('expects all of a topic that fits into the top to belong there', () => {
  for (const size of [0, 1, 2, 20]) {
    const { expectedRight, high } = intervalsOf(unratedField(size), TOP, seededRandom(3));
    expect(expectedRight).toBeCloseTo(size, 9);
    for (const end of high) expect(end).toBeLessThanOrEqual(size);
  }
});

it('calls neighbours level of whom neither is better in four of five cases', () => {
  const field = { means: Float64Array.of(1, 0.9, 0, -3), variances: new Float64Array(4).fill(0.1) };
  expect([...intervalsOf(field, 2, seededRandom(4)).level]).toEqual([1, 0, 0, 0]);
});

describe.each([100, 1_500, 6_000])('of %d things', (size) => {
  it('has the true place of nineteen in twenty in its range, and about as many right as it expects', () => {
    const random = seededRandom(size);
    const normal = normalFrom(random);
    let [covered, right, expected] = [0, 0, 0];
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const { field, truth } = posterior(size, normal);
      const { low, high, order, expectedRight } = intervalsOf(field, TOP, random);
      for (const [above, thing] of orderOf(truth).entries())
        if (at(low, thing) <= above + 1 && above + 1 <= at(high, thing)) covered++;
      const top = new Set(orderOf(truth).slice(0, TOP));
      right += order.subarray(0, TOP).filter((thing) => top.has(thing)).length;
      expected += expectedRight;
    }
    expect(covered / size / rounds).toBeGreaterThan(0.93);
    expect(covered / size / rounds).toBeLessThan(0.98);
    expect(Math.abs(right - expected) / rounds).toBeLessThan(1);
  });
});

it('is the same for the same seed', () => {
  const { field } = posterior(3_000, normalFrom(seededRandom(6)));
  expect(intervalsOf(field, TOP, seededRandom(7))).toEqual(intervalsOf(field, TOP, seededRandom(7)));
});

it('holds the place shown, whatever the beliefs', () => {
  const belief = fc.record({
    mean: fc.double({ min: -6, max: 6, noNaN: true }),
    variance: fc.double({ min: 1e-9, max: 4, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(belief, { maxLength: 40 }), fc.integer({ min: 1, max: 45 }), (beliefs, topSize) => {
      const field = {
        means: Float64Array.from(beliefs, ({ mean }) => mean),
        variances: Float64Array.from(beliefs, ({ variance }) => variance),
      };
      const { low, high, topChance, expectedRight } = intervalsOf(field, topSize, seededRandom(8));
      const places = Math.min(topSize, beliefs.length);
      for (const thing of beliefs.keys()) {
        expect(at(low, thing)).toBeGreaterThanOrEqual(1);
        expect(at(high, thing)).toBeGreaterThanOrEqual(at(low, thing));
        expect(at(high, thing)).toBeLessThanOrEqual(beliefs.length);
      }
      expect(topChance.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(places, 6);
      expect(expectedRight).toBeLessThanOrEqual(places + 1e-9);
    }),
  );
});

/** Beliefs as honest votes lead to: the truth lies about them as their variances say. */
function posterior(size: number, normal: () => number): { field: Field; truth: Float64Array } {
  const variances = Float64Array.from({ length: size }, (_, thing) => (thing % 3 === 0 ? 0.3 : 0.05));
  const means = variances.map((variance) => Math.sqrt(1 - variance) * normal());
  const truth = means.map((mean, thing) => mean + Math.sqrt(at(variances, thing)) * normal());
  return { field: { means, variances }, truth };
}
