import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Answer,
  afterVote,
  afterWithdrawal,
  LOOKS_BACK,
  weigh,
  weightAfterSkips,
  weightOfAsked,
} from '../../../src/ranking/math/vote-weight.js';
import type { RecentPair } from '../../../src/schema.js';

const weights = Array.from({ length: LOOKS_BACK + 1 }, (_, skipped) => weightAfterSkips(skipped).weight);

const answerTo = (leftId: number, given: Partial<Answer> = {}): Answer => ({
  leftId,
  rightId: 1000 + leftId,
  outcome: 'left',
  strategy: 'focus',
  ...given,
});

const after = (...answers: Answer[]): RecentPair[] =>
  answers.reduce<RecentPair[]>((recent, answer) => afterVote(recent, answer, false), []);

const skips = (count: number): Answer[] =>
  Array.from({ length: count }, (_, index) => answerTo(index + 1, { outcome: 'skip' }));

const weightOf = (answer: Answer, recent: RecentPair[], earlier: { weight: number }[] = []) =>
  weigh(answer, { recent, earlier, things: 10 });

it('lets the votes of people count in full who answer three of four pairs', () => {
  expect(weights.slice(0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(weightAfterSkips(5).reason).toBeUndefined();
});

it('lets a vote count the less the more was skipped before it', () => {
  for (const [skipped, weight] of weights.slice(6).entries())
    expect(weight).toBeLessThanOrEqual(weights[5 + skipped] ?? 0);
  expect(weights[LOOKS_BACK]).toBe(0.01);
  expect(weightAfterSkips(6).reason).toBe('skipping');
});

it('refuses what cannot have happened', () => {
  for (const skipped of [-1, 21, 0.5, Number.NaN])
    expect(() => weightAfterSkips(skipped)).toThrow(RangeError);
});

it('looks at the last twenty pairs', () => {
  const recent = after(...skips(8));
  expect(weightOf(answerTo(50), recent).weight).toBeCloseTo((12 / 15) ** 2);
  const answered = Array.from({ length: 15 }, (_, index) => answerTo(100 + index));
  expect(weightOf(answerTo(50), after(...skips(8), ...answered)).weight).toBe(1);
});

it('counts an answer that was taken back as a skip, until it is given again', () => {
  const recent = after(...skips(5), answerTo(20));
  const open = afterWithdrawal(recent, answerTo(20));
  expect(weightOf(answerTo(50), open)).toEqual({ weight: (14 / 15) ** 2, reason: 'skipping' });
  expect(weightOf(answerTo(50), afterVote(open, answerTo(20), true)).weight).toBe(1);
});

it('lets an answer that is given again count no more than at first', () => {
  expect(weightOf(answerTo(1), [], [{ weight: 0.25 }, { weight: 0.5 }]).weight).toBe(0.25);
});

it('lets a pair that was asked for count as often as chance would have brought it, and its skip as a skip', () => {
  expect(weightOf(answerTo(1, { strategy: 'asked' }), [])).toEqual(weightOfAsked(10));
  expect(after(answerTo(1, { strategy: 'asked' }))).toEqual([]);
  const recent = after(answerTo(1, { strategy: 'asked', outcome: 'skip' }));
  expect(afterWithdrawal(recent, answerTo(1))).toMatchObject([{ skipped: true }]);
});

it('lets imported votes count in full, and looks at no more than it has to', () => {
  expect(weightOf(answerTo(50, { strategy: 'import' }), after(...skips(20))).weight).toBe(1);
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 200 }), (ids) => {
      const recent = after(...ids.map((id) => answerTo(id + 1, { outcome: id % 2 ? 'skip' : 'tie' })));
      expect(recent.length).toBeLessThanOrEqual(LOOKS_BACK + 1);
      const { weight } = weightOf(answerTo(500), recent);
      expect(weight).toBeGreaterThan(0);
      expect(weight).toBeLessThanOrEqual(1);
    }),
  );
});
