import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Answer,
  afterVote,
  afterWithdrawal,
  SKIP_WINDOW,
  weigh,
  weightAfterSkips,
  weightOfAsked,
} from '../../../src/ranking/math/vote-weight.js';
import type { RecentPair } from '../../../src/schema.js';

const weights = Array.from({ length: SKIP_WINDOW + 1 }, (_, skipped) => weightAfterSkips(skipped).weight);

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

it('gives votes full weight after 5 skips or fewer in 20 pairs', () => {
  expect(weights.slice(0, 6)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(weightAfterSkips(5).reason).toBeUndefined();
});

it('gives a vote less weight the more pairs were skipped before it', () => {
  for (const [skipped, weight] of weights.slice(6).entries())
    expect(weight).toBeLessThanOrEqual(weights[5 + skipped] ?? 0);
  expect(weights[SKIP_WINDOW]).toBe(0.01);
  expect(weightAfterSkips(6).reason).toBe('skipping');
});

it('refuses an impossible number of skips', () => {
  for (const skipped of [-1, 21, 0.5, Number.NaN])
    expect(() => weightAfterSkips(skipped)).toThrow(RangeError);
});

it('counts skips among the last 20 pairs only', () => {
  const recent = after(...skips(8));
  expect(weightOf(answerTo(50), recent).weight).toBeCloseTo((12 / 15) ** 2);
  const answered = Array.from({ length: 15 }, (_, index) => answerTo(100 + index));
  expect(weightOf(answerTo(50), after(...skips(8), ...answered)).weight).toBe(1);
});

it('counts an answer that was taken back as a skip until it is given again', () => {
  const recent = after(...skips(5), answerTo(20));
  const open = afterWithdrawal(recent, answerTo(20));
  expect(weightOf(answerTo(50), open)).toEqual({ weight: (14 / 15) ** 2, reason: 'skipping' });
  expect(weightOf(answerTo(50), afterVote(open, answerTo(20), true)).weight).toBe(1);
});

it('gives an answer that is given again no more weight than before', () => {
  expect(weightOf(answerTo(1), [], [{ weight: 0.25 }, { weight: 0.5 }]).weight).toBe(0.25);
});

it('gives a pair that was asked for the weight of its chance, and counts its skip as a skip', () => {
  expect(weightOf(answerTo(1, { strategy: 'asked' }), [])).toEqual(weightOfAsked(10));
  expect(after(answerTo(1, { strategy: 'asked' }))).toEqual([]);
  const recent = after(answerTo(1, { strategy: 'asked', outcome: 'skip' }));
  expect(afterWithdrawal(recent, answerTo(1))).toMatchObject([{ skipped: true }]);
});

it('lets all pairs that a voter asks for give one thing at most a quarter of a vote', () => {
  for (const things of [2, 3, 10, 100, 1_000]) {
    let given = 0;
    for (let asked = 0; asked < things; asked++) {
      const { weight } = weightOfAsked(things, given);
      expect(weight).toBeGreaterThanOrEqual(0);
      given += weight;
    }
    expect(given).toBeCloseTo(0.25, 9);
  }
  const asked = answerTo(1, { strategy: 'asked' });
  expect(weigh(asked, { recent: [], earlier: [], things: 10, given: 1 }).weight).toBe(0);
});

it('gives imported votes full weight, and stores no more pairs than it needs', () => {
  expect(weightOf(answerTo(50, { strategy: 'import' }), after(...skips(20))).weight).toBe(1);
  fc.assert(
    fc.property(fc.array(fc.nat(40), { maxLength: 200 }), (ids) => {
      const recent = after(...ids.map((id) => answerTo(id + 1, { outcome: id % 2 ? 'skip' : 'tie' })));
      expect(recent.length).toBeLessThanOrEqual(SKIP_WINDOW + 1);
      const { weight } = weightOf(answerTo(500), recent);
      expect(weight).toBeGreaterThan(0);
      expect(weight).toBeLessThanOrEqual(1);
    }),
  );
});
