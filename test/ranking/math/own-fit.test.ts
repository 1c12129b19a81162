import fc from 'fast-check';
import { expect, it } from 'vitest';
import { winChance } from '../../../src/ranking/math/online-update.js';
import { fitOwn, withoutVotes } from '../../../src/ranking/math/own-fit.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { refit } from '../../../src/ranking/math/refit.js';
import { at, type Cast, votesOf } from './votes.js';

it('keeps everyone’s strengths for things without own answers', () => {
  const crowd = Float64Array.of(1, 0.2, -0.4, -2);
  const { means, variances } = fitOwn(votesOf(4, [{ left: 3, right: 0 }]), crowd, [0.8]);
  expect([at(means, 1), at(means, 2)]).toEqual([0.2, -0.4]);
  expect(at(variances, 1)).toBeCloseTo(0.8, 9);
  expect(at(means, 3)).toBeGreaterThan(-2);
  expect(at(means, 0)).toBeLessThan(1);
  expect(at(variances, 0)).toBeLessThan(0.8);
});

it('has the strengths at which the answers and the prior pull alike', () => {
  const pair = fc.uniqueArray(fc.nat(5), { minLength: 2, maxLength: 2 });
  const cast = fc.record({ pair, score: fc.constantFrom(0, 0.5, 1) });
  const crowds = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(cast, { maxLength: 60 }), crowds, (casts, crowd) => {
      const votes = votesOf(
        6,
        casts.map(({ pair, score }) => ({ left: at(pair, 0), right: at(pair, 1), score })),
      );
      const { means, variances } = fitOwn(votes, Float64Array.from(crowd), [0.5]);
      const slopes = means.map((mean, thing) => (at(crowd, thing) - mean) / 0.5);
      for (const { pair, score } of casts) {
        const [left, right] = [at(pair, 0), at(pair, 1)];
        const push = score - winChance(at(means, left) - at(means, right));
        slopes[left] = at(slopes, left) + push;
        slopes[right] = at(slopes, right) - push;
      }
      for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(1e-3);
      for (const variance of variances) expect(variance > 0 && variance < 4).toBe(true);
    }),
  );
});

it('puts a thing first for a person who chose it every time, also when it is last for everyone', () => {
  const crowd = Float64Array.of(2, 1.5, 1, 0.5, 0, -0.5, -1, -3);
  const order = [7, 0, 1, 2, 3, 4, 5, 6];
  const casts = order.flatMap((left, index) => order.slice(index + 1).map((right) => ({ left, right })));
  const { means } = fitOwn(votesOf(8, casts), crowd);
  expect([...means.keys()].sort((one, other) => at(means, other) - at(means, one))).toEqual(order);
});

it('takes one person’s votes out of a fit nearly as a fit without them does', () => {
  const random = seededRandom(3);
  const normal = normalFrom(random);
  const size = 40;
  const truth = new Float64Array(size).map(normal);
  const drawCast = (taste: Float64Array): Cast => {
    const left = Math.floor(random() * size);
    const right = (left + 1 + Math.floor(random() * (size - 1))) % size;
    return { left, right, score: random() < winChance(at(taste, left) - at(taste, right)) ? 1 : 0 };
  };
  const others = Array.from({ length: 1_500 }, () => drawCast(truth));
  const own = Array.from({ length: 100 }, () => drawCast(truth.map((mean) => -mean)));
  const options = { lambda: 2, tolerance: 1e-8 };
  const [all, without] = [
    refit(votesOf(size, [...others, ...own]), options),
    refit(votesOf(size, others), options),
  ];
  const found = withoutVotes(all, votesOf(size, own));
  const furthest = (means: Float64Array): number =>
    Math.max(...means.map((mean, thing) => Math.abs(mean - at(without.means, thing))));
  expect(furthest(found.means)).toBeLessThan(furthest(all.means) / 3);
});

it('refuses prior means for other things', () => {
  expect(() => fitOwn(votesOf(2, []), new Float64Array(3))).toThrow(RangeError);
});
