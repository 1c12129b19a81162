import fc from 'fast-check';
import { expect, it } from 'vitest';
import { normalFrom, seededRandom } from '../../../src/ranking/math/random.js';
import { NEW_BELOW, Selector, type SelectorInput } from '../../../src/ranking/math/selector.js';
import { topThreshold } from '../../../src/ranking/math/top-threshold.js';
import { at } from './votes.js';

it('puts the threshold between the last thing in the top and the first one out', () => {
  const hundred = Float64Array.from({ length: 100 }, (_, thing) => (thing * 37) % 100);
  expect(topThreshold(hundred, 20)).toBe(79.5);
  expect(
    topThreshold(
      hundred.map((mean) => -mean),
      20,
    ),
  ).toBe(-19.5);
  expect(topThreshold(Float64Array.of(1, 2, 3, 4), 3)).toBe(1.5);
  expect(topThreshold(Float64Array.of(5, 1), 1)).toBe(3);
  expect(topThreshold(Float64Array.of(5, 1, 3), 20)).toBe(2);
  expect(topThreshold(Float64Array.of(7), 20)).toBe(0);
  expect(topThreshold(new Float64Array(0), 20)).toBe(0);
});

it('draws mostly things near the threshold, and every thing now and then', () => {
  const size = 1_000;
  const normal = normalFrom(seededRandom(1));
  const means = new Float64Array(size).map(normal).sort().reverse();
  const selector = new Selector(inputWith({ means, variances: new Float64Array(size).fill(0.05) }), 20);
  const shown = { focus: new Int32Array(size), explore: new Int32Array(size) };
  const random = seededRandom(2);
  for (let draw = 0; draw < 50_000; draw++) {
    const { one, other, strategy } = selector.draw(random) as NonNullable<ReturnType<Selector['draw']>>;
    shown[strategy][one] = at(shown[strategy], one) + 1;
    shown[strategy][other] = at(shown[strategy], other) + 1;
  }
  const sum = (counts: Int32Array): number => counts.reduce((all, count) => all + count, 0);
  expect(sum(shown.focus) / 100_000).toBeCloseTo(0.8, 1);
  expect(sum(shown.focus.subarray(0, 60)) / sum(shown.focus)).toBeGreaterThan(0.8);
  expect(Math.min(...shown.explore)).toBeGreaterThan(0);
  expect(Math.max(...shown.explore)).toBeLessThan(150);
});

it('explores new things first', () => {
  const appearances = new Int32Array(100).fill(50);
  appearances[71] = NEW_BELOW - 1;
  const selector = new Selector(inputWith({ means: new Float64Array(100), appearances }), 20);
  const random = seededRandom(3);
  for (let draw = 0; draw < 500; draw++) {
    const drawn = selector.draw(random);
    if (drawn?.strategy === 'explore') expect(drawn.one).toBe(71);
  }
  const whileAvoided = Array.from({ length: 500 }, () => selector.draw(random, (thing) => thing === 71));
  expect(new Set(whileAvoided.map((drawn) => drawn?.one)).size).toBeGreaterThan(80);
});

it.each([1, 20, 'order'] as const)('shows all things about equally often when all are equal: %s', (goal) => {
  const selector = new Selector(inputWith({ means: new Float64Array(50) }), goal);
  const random = seededRandom(4);
  const shown = new Int32Array(50);
  for (let draw = 0; draw < 5_000; draw++) {
    const drawn = selector.draw(random);
    for (const thing of [drawn?.one ?? -1, drawn?.other ?? -1]) shown[thing] = at(shown, thing) + 1;
  }
  expect(Math.min(...shown)).toBeGreaterThan(120);
  expect(Math.max(...shown)).toBeLessThan(280);
});

it.each([1, 20, 'order'] as const)('draws every pair of a small topic once: %s', (goal) => {
  for (const size of [2, 3, 7, 40]) {
    const means = Float64Array.from({ length: size }, (_, thing) => thing);
    const selector = new Selector(inputWith({ means, variances: new Float64Array(size).fill(0.02) }), goal);
    const random = seededRandom(5);
    const pairs = new Set<string>();
    const answered = (one: number, other: number): boolean => pairs.has([one, other].sort().join());
    for (let left = (size * (size - 1)) / 2; left > 0; left--) {
      const drawn = selector.draw(random, undefined, answered);
      pairs.add([drawn?.one, drawn?.other].sort().join());
    }
    expect(pairs.size).toBe((size * (size - 1)) / 2);
    expect(selector.draw(random, undefined, answered)).toBeUndefined();
  }
});

it('draws no pair when fewer than two things are left', () => {
  const random = seededRandom(6);
  const selectorOf = (size: number): Selector =>
    new Selector(inputWith({ means: new Float64Array(size) }), 20);
  expect(selectorOf(0).draw(random)).toBeUndefined();
  expect(selectorOf(1).draw(random)).toBeUndefined();
  expect(selectorOf(3).draw(random, (thing) => thing > 0)).toBeUndefined();
  expect(selectorOf(300).draw(random, () => true)).toBeUndefined();
});

const inputs = fc
  .array(
    fc.record({
      mean: fc.double({ min: -30, max: 30, noNaN: true }),
      variance: fc.double({ min: 1e-9, max: 4, noNaN: true }),
      appearances: fc.nat(30),
    }),
    { minLength: 2, maxLength: 60 },
  )
  .map((things) =>
    inputWith({
      means: Float64Array.from(things, ({ mean }) => mean),
      variances: Float64Array.from(things, ({ variance }) => variance),
      appearances: Int32Array.from(things, ({ appearances }) => appearances),
    }),
  );

const goals = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant('order' as const));

it('draws two different things that are not avoided, as long as there are two', () => {
  fc.assert(
    fc.property(inputs, goals, fc.infiniteStream(fc.boolean()), (input, goal, coins) => {
      const avoided = new Set<number>();
      for (const thing of input.means.keys()) if (coins.next().value) avoided.add(thing);
      const selector = new Selector(input, goal);
      const random = seededRandom(input.means.length);
      for (let draw = 0; draw < 20; draw++) {
        const drawn = selector.draw(random, (thing) => avoided.has(thing));
        if (selector.size - avoided.size < 2) expect(drawn).toBeUndefined();
        else {
          expect(drawn?.one).not.toBe(drawn?.other);
          for (const thing of [drawn?.one ?? -1, drawn?.other ?? -1]) {
            expect(avoided.has(thing)).toBe(false);
            expect(thing >= 0 && thing < selector.size).toBe(true);
          }
        }
      }
    }),
  );
});

it('uses a copy of the estimates', () => {
  const live = inputWith({ means: Float64Array.from({ length: 30 }, (_, thing) => thing) });
  const selector = new Selector(live, 20);
  const draws = (): unknown[] => {
    const random = seededRandom(8);
    return Array.from({ length: 50 }, () => selector.draw(random));
  };
  const before = draws();
  live.means.fill(0);
  live.appearances.fill(0);
  expect(draws()).toEqual(before);
});

function inputWith({
  means,
  ...given
}: Partial<SelectorInput> & Pick<SelectorInput, 'means'>): SelectorInput {
  return {
    means,
    variances: new Float64Array(means.length).fill(1),
    appearances: new Int32Array(means.length).fill(20),
    ...given,
  };
}
