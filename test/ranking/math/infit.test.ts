import { expect, it } from 'vitest';
import { flaggedOf, infitOf } from '../../../src/ranking/math/infit.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { refit } from '../../../src/ranking/math/refit.js';
import { at, type Cast, votesOf } from './votes.js';

it('is 1 on average when the answers follow the model, also with many ties', () => {
  const votes = votesOf(30, drawCasts());
  const { voters, things } = infitOf(votes, refit(votes));
  for (const infits of [voters, things]) {
    const mean = infits.reduce((sum, infit) => sum + infit, 0) / infits.length;
    expect(Math.abs(mean - 1)).toBeLessThan(0.05);
  }
});

it('is highest for the voter who always chooses the weaker thing', () => {
  const contrary = drawCasts().map((cast) =>
    cast.voter === 7 ? { ...cast, score: 1 - (cast.score ?? 1) } : cast,
  );
  const votes = votesOf(30, contrary);
  const { voters } = infitOf(votes, refit(votes));
  expect(voters.indexOf(Math.max(...voters))).toBe(7);
  expect(flaggedOf(voters)).toContain(7);
});

it('says nothing about voters and things with fewer than ten votes', () => {
  const casts = Array.from({ length: 9 }, (): Cast => ({ left: 0, right: 1, voter: 0 }));
  const { voters, things } = infitOf(votesOf(2, casts), { means: new Float64Array(2), nu: 0 });
  expect([...voters, ...things]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  expect(flaggedOf(voters)).toEqual([]);
});

it('leaves votes without a voter out of the voters', () => {
  const casts = Array.from({ length: 12 }, (): Cast => ({ left: 0, right: 1 }));
  const { voters, things } = infitOf(votesOf(2, casts), { means: new Float64Array(2), nu: 0 });
  expect(voters).toHaveLength(0);
  expect([...things]).toEqual([1, 1]);
});

it('flags what is more than two standard deviations above the mean', () => {
  const infits = Float64Array.from({ length: 20 }, (_, index) => (index === 4 ? 3 : 1));
  expect(flaggedOf(infits)).toEqual([4]);
  expect(flaggedOf(Float64Array.of(1, 9))).toEqual([]);
});

/** Draws answers with two ties in five between equals, of 40 voters with 100 votes each. */
function drawCasts(): Cast[] {
  const random = seededRandom(2);
  const normal = normalFrom(random);
  const truth = new Float64Array(30).map(normal);
  return Array.from({ length: 4_000 }, (_, vote): Cast => {
    const left = Math.floor(random() * 30);
    const right = (left + 1 + Math.floor(random() * 29)) % 30;
    const ratio = Math.exp((at(truth, left) - at(truth, right)) / 2);
    const point = random() * (ratio + 1 / ratio + 4 / 3);
    const score = point < ratio ? 1 : point < ratio + 1 / ratio ? 0 : 0.5;
    return { left, right, score, voter: vote % 40 };
  });
}
