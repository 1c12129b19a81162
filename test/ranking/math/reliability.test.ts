import { expect, it } from 'vitest';
import { initialEstimates, winChance } from '../../../src/ranking/math/online-update.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { refit } from '../../../src/ranking/math/refit.js';
import { reliabilityOf } from '../../../src/ranking/math/reliability.js';
import { at, type Cast, votesOf } from './votes.js';

it('says which share of the variance is not error', () => {
  const estimates = { means: Float64Array.of(-1, 0, 1), variances: Float64Array.of(0.1, 0.2, 0.3) };
  expect(reliabilityOf(estimates, 30)).toBeCloseTo(2 / 3 / (2 / 3 + 0.2), 9);
});

it('says nothing with fewer than ten votes a thing, or of fewer than two things', () => {
  expect(reliabilityOf(initialEstimates(3), 29)).toBeUndefined();
  expect(reliabilityOf(initialEstimates(1), 100)).toBeUndefined();
  expect(reliabilityOf(initialEstimates(0), 0)).toBeUndefined();
});

it('is about what two halves of the votes agree in', () => {
  const random = seededRandom(1);
  const normal = normalFrom(random);
  const truth = new Float64Array(60).map(normal);
  const half = (): ReturnType<typeof refit> =>
    refit(
      votesOf(
        60,
        Array.from({ length: 1_200 }, (): Cast => {
          const left = Math.floor(random() * 60);
          const right = (left + 1 + Math.floor(random() * 59)) % 60;
          return { left, right, score: random() < winChance(at(truth, left) - at(truth, right)) ? 1 : 0 };
        }),
      ),
    );
  const [one, other] = [half(), half()];
  expect(Math.abs((reliabilityOf(one, 1_200) ?? 0) - correlation(one.means, other.means))).toBeLessThan(0.05);
});

function correlation(one: Float64Array, other: Float64Array): number {
  const [left, right] = [centred(one), centred(other)];
  const product = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, index) => sum + value * at(b, index), 0);
  return product(left, right) / Math.sqrt(product(left, left) * product(right, right));
}

function centred(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}
