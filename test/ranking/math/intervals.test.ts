import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalsOf } from '../../../src/ranking/math/intervals.js';
import { kendallTau } from '../../../src/ranking/math/kendall-tau.js';
import { type Estimates, estimatesOf, initialEstimates } from '../../../src/ranking/math/online-update.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { at, orderOf } from './votes.js';

const TOP = 20;

it('gives every thing nearly all ranks in a topic without votes', () => {
  const { low, high, topChance, expectedShare, order, levelWithNext } = intervalsOf(
    initialEstimates(200),
    TOP,
    seededRandom(1),
  );
  for (const end of low) expect(end).toBeLessThanOrEqual(15);
  for (const end of high) expect(end).toBeGreaterThanOrEqual(185);
  for (const chance of topChance) expect(Math.abs(chance - 0.1)).toBeLessThan(0.06);
  expect(expectedShare).toBeCloseTo(0.1, 1);
  expect(order).toEqual(Int32Array.from(order.keys()));
  expect(levelWithNext.slice(0, -1).every((flag) => flag === 1)).toBe(true);
  expect(levelWithNext.at(-1)).toBe(0);
});

it('gives every thing one rank when the variances are tiny', () => {
  const means = Float64Array.from({ length: 100 }, (_, thing) => thing / 10);
  const estimates = { means, variances: new Float64Array(100).fill(1e-6) };
  const { low, high, topChance, expectedShare, levelWithNext } = intervalsOf(estimates, TOP, seededRandom(2));
  for (const thing of means.keys()) {
    expect([at(low, thing), at(high, thing)]).toEqual([100 - thing, 100 - thing]);
    expect(at(topChance, thing)).toBeCloseTo(thing >= 80 ? 1 : 0, 9);
  }
  expect(expectedShare).toBeCloseTo(1, 9);
  expect(levelWithNext.every((flag) => flag === 0)).toBe(true);
});

it('expects every thing to belong in the top when the topic is no larger than the top', () => {
  for (const size of [0, 1, 2, 20]) {
    const { expectedShare, high } = intervalsOf(initialEstimates(size), TOP, seededRandom(3));
    expect(expectedShare).toBeCloseTo(1, 9);
    for (const end of high) expect(end).toBeLessThanOrEqual(size);
  }
});

it('calls neighbours level when neither is better in four of five cases', () => {
  const estimates = { means: Float64Array.of(1, 0.9, 0, -3), variances: new Float64Array(4).fill(0.1) };
  expect([...intervalsOf(estimates, 2, seededRandom(4)).levelWithNext]).toEqual([1, 0, 0, 0]);
});

describe.each([100, 1_500, 6_000])('among %d things', (size) => {
  it('has the true rank of 95 in 100 in its range, and as many right in the top as it expects', () => {
    const random = seededRandom(size);
    const normal = normalFrom(random);
    let [covered, right, expected] = [0, 0, 0];
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const { estimates, truth } = posterior(size, normal);
      const { low, high, order, expectedShare } = intervalsOf(estimates, TOP, random);
      for (const [above, thing] of orderOf(truth).entries())
        if (at(low, thing) <= above + 1 && above + 1 <= at(high, thing)) covered++;
      const top = new Set(orderOf(truth).slice(0, TOP));
      right += order.subarray(0, TOP).filter((thing) => top.has(thing)).length;
      expected += TOP * expectedShare;
    }
    expect(covered / size / rounds).toBeGreaterThan(0.93);
    expect(covered / size / rounds).toBeLessThan(0.98);
    expect(Math.abs(right - expected) / rounds).toBeLessThan(1);
  });
});

it('expects of the winner what is the chance of the leader to be the best', () => {
  const estimates = { means: Float64Array.of(0.5, 1.5, -1), variances: new Float64Array(3).fill(0.5) };
  const { expectedShare, topChance } = intervalsOf(estimates, 1, seededRandom(5));
  expect(expectedShare).toBe(at(topChance, 1));
  // The two best differ by one standard error, and the third hardly ever wins.
  expect(expectedShare).toBeGreaterThan(0.8);
  expect(expectedShare).toBeLessThan(0.86);
});

it('expects of two things in order what the chance of the better one is', () => {
  const estimates = { means: Float64Array.of(0, 1), variances: new Float64Array(2).fill(0.5) };
  const { expectedShare, topChance } = intervalsOf(estimates, 'order', seededRandom(5));
  expect(expectedShare).toBeCloseTo(0.8413447, 6);
  expect([...topChance]).toEqual([1, 1]);
});

it.each([30, 900, 3_000])('expects as many pairs of %d things in the right order as there are', (size) => {
  const random = seededRandom(size);
  const normal = normalFrom(random);
  const rounds = 10;
  let [expected, right] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const { estimates, truth } = posterior(size, normal);
    expected += intervalsOf(estimates, 'order', random).expectedShare / rounds;
    right += (1 + kendallTau(estimates.means, truth)) / 2 / rounds;
  }
  expect(Math.abs(expected - right)).toBeLessThan(size < 100 ? 0.03 : 0.006);
});

it('says of a topic without things that nothing is wrong', () => {
  for (const goal of [1, 20, 'order'] as const)
    expect(intervalsOf(initialEstimates(0), goal, seededRandom(5)).expectedShare).toBe(1);
});

it('gives the same result for the same seed', () => {
  const { estimates } = posterior(3_000, normalFrom(seededRandom(6)));
  expect(intervalsOf(estimates, TOP, seededRandom(7))).toEqual(intervalsOf(estimates, TOP, seededRandom(7)));
});

it('gives valid ranges and chances for any estimates', () => {
  const estimate = fc.record({
    mean: fc.double({ min: -6, max: 6, noNaN: true }),
    variance: fc.double({ min: 1e-9, max: 4, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(estimate, { maxLength: 40 }), fc.integer({ min: 1, max: 45 }), (things, topSize) => {
      const { low, high, topChance, expectedShare } = intervalsOf(
        estimatesOf(things),
        topSize,
        seededRandom(8),
      );
      const ranks = Math.min(topSize, things.length);
      for (const thing of things.keys()) {
        expect(at(low, thing)).toBeGreaterThanOrEqual(1);
        expect(at(high, thing)).toBeGreaterThanOrEqual(at(low, thing));
        expect(at(high, thing)).toBeLessThanOrEqual(things.length);
      }
      expect(topChance.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(ranks, 6);
      expect(expectedShare).toBeGreaterThanOrEqual(0);
      expect(expectedShare).toBeLessThanOrEqual(1 + 1e-9);
    }),
  );
});

/** Estimates, and true strengths that differ from them by as much as the variances say. */
function posterior(size: number, normal: () => number): { estimates: Estimates; truth: Float64Array } {
  const variances = Float64Array.from({ length: size }, (_, thing) => (thing % 3 === 0 ? 0.3 : 0.05));
  const means = variances.map((variance) => Math.sqrt(1 - variance) * normal());
  const truth = means.map((mean, thing) => mean + Math.sqrt(at(variances, thing)) * normal());
  return { estimates: { means, variances }, truth };
}
