import fc from 'fast-check';
import { expect, it } from 'vitest';
import { kendallTau } from '../../../src/ranking/math/kendall-tau.js';

const tau = (one: number[], other: number[]): number =>
  kendallTau(Float64Array.from(one), Float64Array.from(other));

it('is 1 for the same order, -1 for the reverse, and between these for others', () => {
  expect(tau([1, 2, 3, 4], [10, 20, 30, 40])).toBe(1);
  expect(tau([1, 2, 3, 4], [4, 3, 2, 1])).toBe(-1);
  // One exchange of neighbours among four: (5 - 1) / 6.
  expect(tau([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(2 / 3, 12);
  expect(tau([], [])).toBe(1);
});

it('equals the count over all pairs, also with ties', () => {
  const strengths = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
    minLength: 2,
    maxLength: 40,
  });
  fc.assert(
    fc.property(strengths, (things) => {
      let [agree, tiedInOne, tiedInOther, pairs] = [0, 0, 0, 0];
      for (const [index, [a, b]] of things.entries())
        for (const [c, d] of things.slice(index + 1)) {
          agree += Math.sign(a - c) * Math.sign(b - d);
          tiedInOne += Number(a === c);
          tiedInOther += Number(b === d);
          pairs++;
        }
      const expected = agree / Math.sqrt((pairs - tiedInOne) * (pairs - tiedInOther));
      const found = tau(
        things.map(([a]) => a),
        things.map(([, b]) => b),
      );
      if (Number.isNaN(expected)) expect(found).toBeNaN();
      else expect(found).toBeCloseTo(expected, 12);
    }),
  );
});
