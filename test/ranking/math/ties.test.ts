import { expect, it } from 'vitest';
import { graphOf } from '../../../src/ranking/math/graph.js';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { refit } from '../../../src/ranking/math/refit.js';
import { estimateNu, tieChance } from '../../../src/ranking/math/ties.js';
import { at, type Cast, votesOf } from './votes.js';

it('has the chance of a tie that Davidson’s model has at the same mean score', () => {
  for (const nu of [0.1, 0.5, 1.3, 2, 7])
    for (const ratio of [0.05, 0.4, 1, 3]) {
      const all = ratio + 1 / ratio + nu;
      const score = (ratio + nu / 2) / all;
      expect(tieChance(score * (1 - score), nu)).toBeCloseTo(nu / all, 9);
    }
});

it('has no ties at all with a ν of 0', () => {
  expect(tieChance(0.25, 0)).toBe(0);
  expect(estimateNu(graphOf(votesOf(2, [{ left: 0, right: 1 }])), Float64Array.of(1, 1))).toBe(0);
});

it('never makes ties so likely that an answer has no scatter', () => {
  for (const nu of [0.01, 1, 100, 1e6])
    for (const p of [0.5, 0.6, 0.9, 0.999])
      expect(p * (1 - p) - tieChance(p * (1 - p), nu) / 4).toBeGreaterThan(0);
});

it.each([0.25, 1.3, 4])('finds the ν that votes were drawn with: %d', (nu) => {
  const random = seededRandom(1);
  const normal = normalFrom(random);
  const truth = new Float64Array(40).map(normal);
  const casts = Array.from({ length: 20_000 }, (): Cast => {
    const left = Math.floor(random() * 40);
    const right = (left + 1 + Math.floor(random() * 39)) % 40;
    const ratio = Math.exp((at(truth, left) - at(truth, right)) / 2);
    const point = random() * (ratio + 1 / ratio + nu);
    return { left, right, score: point < ratio ? 1 : point < ratio + 1 / ratio ? 0 : 0.5 };
  });
  expect(Math.abs(refit(votesOf(40, casts)).nu / nu - 1)).toBeLessThan(0.1);
});

it('stays finite when every vote is a tie', () => {
  const ties = Array<Cast>(1_000).fill({ left: 0, right: 1, score: 0.5 });
  const nu = estimateNu(graphOf(votesOf(2, ties)), Float64Array.of(1, 1));
  expect(nu).toBeCloseTo(2_000, 0);
});
