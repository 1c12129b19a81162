import { expect, it } from 'vitest';
import {
  afterPush,
  deviationOf,
  isAlarming,
  type Lean,
  NO_LEAN,
  weightOfOneSided,
  withoutPush,
} from '../../../src/ranking/math/one-sided.js';
import { seededRandom } from '../../../src/ranking/math/random.js';

const afterPushes = (pushes: number[], expected = 0.5): Lean =>
  pushes.reduce((lean, push) => afterPush(lean, push, expected), NO_LEAN);

it('counts a group’s answers in full until they are one-sided', () => {
  expect(weightOfOneSided(NO_LEAN, 0.5)).toBe(1);
  expect(weightOfOneSided(afterPushes([0.5, 0.5, 0.5]), 0.5)).toBe(1);
});

it('counts what a one-sided group adds to its side less and less, and the other side in full', () => {
  const lean = afterPushes(Array(36).fill(0.5));
  // 18 / √(9 + 81/10 + ¼), by hand.
  expect(weightOfOneSided(lean, 0.5)).toBeCloseTo((1.6 / 4.321) ** 6, 5);
  expect(weightOfOneSided(lean, -0.5)).toBe(1);
  expect(weightOfOneSided(lean, 0)).toBe(1);
});

it('treats pushing a thing down like pushing it up', () => {
  const [up, down] = [afterPushes(Array(20).fill(0.5)), afterPushes(Array(20).fill(-0.5))];
  expect(weightOfOneSided(down, -0.5)).toBe(weightOfOneSided(up, 0.5));
  expect(weightOfOneSided(down, 0.5)).toBe(1);
});

it('lets a group that pushes a thing a hundred times give it no more than eight votes in all', () => {
  let [lean, given] = [NO_LEAN, 0];
  for (let vote = 0; vote < 100; vote++) {
    given += weightOfOneSided(lean, 0.5);
    lean = afterPush(lean, 0.5, 0.5);
  }
  expect(given).toBeLessThan(8);
});

it('keeps nearly all of the weight of a group that votes as expected', () => {
  const random = seededRandom(4);
  let given = 0;
  for (let group = 0; group < 100; group++) {
    let lean = NO_LEAN;
    for (let vote = 0; vote < 100; vote++) {
      const push = (random() < 0.3 ? 1 : 0) - 0.3;
      given += weightOfOneSided(lean, push);
      lean = afterPush(lean, push, 0.3);
    }
  }
  expect(given / 10_000).toBeGreaterThan(0.97);
});

it('gives a weight also after answers were taken back when other things were expected', () => {
  let lean = NO_LEAN;
  for (let answer = 0; answer < 2; answer++) lean = afterPush(lean, 0.05, 0.95);
  for (let answer = 0; answer < 2; answer++) lean = withoutPush(lean, 0.5, 0.5);
  const weight = weightOfOneSided(lean, -0.5);
  expect(weight > 0 && weight <= 1).toBe(true);
});

it('alarms above four deviations', () => {
  // 18 / √(9 + ¼), by hand.
  expect(deviationOf(afterPushes(Array(36).fill(0.5)))).toBeCloseTo(5.918, 3);
  expect([3.9, 4, 4.1, -9].map(isAlarming)).toEqual([false, false, true, false]);
});
