import { expect, it } from 'vitest';
import { normalFrom, normalTable, type Random, seededRandom } from '../../../src/ranking/math/random.js';

const many = (draw: Random): number[] => Array.from({ length: 100_000 }, draw);
const mean = (numbers: number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

it('draws uniformly from 0 to 1, and the same numbers for the same seed', () => {
  const numbers = many(seededRandom(42));
  expect(numbers).toEqual(many(seededRandom(42)));
  expect(numbers.slice(0, 3)).not.toEqual(many(seededRandom(43)).slice(0, 3));
  for (let tenth = 0; tenth < 10; tenth++) {
    const within = numbers.filter((number) => Math.floor(10 * number) === tenth).length;
    expect(Math.abs(within - 10_000)).toBeLessThan(400);
  }
  const [before, after] = [numbers.slice(0, -1), numbers.slice(1)];
  expect(mean(before.map((number, at) => number * (after[at] ?? 0)))).toBeCloseTo(0.25, 2);
});

it('draws from the normal distribution, one by one and from the table', () => {
  const random = seededRandom(5);
  const normals = normalTable(random);
  let index = normals.randomStart();
  for (const numbers of [many(normalFrom(random)), many(() => normals.at(index++))]) {
    expect(mean(numbers)).toBeCloseTo(0, 1);
    expect(mean(numbers.map((number) => number ** 2))).toBeCloseTo(1, 1);
    expect(mean(numbers.map((number) => Number(Math.abs(number) < 1.96)))).toBeCloseTo(0.95, 2);
  }
});
