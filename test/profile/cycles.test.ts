import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Choices, countCycles } from '../../src/profile/cycles.js';

const choicesBetween = (size: number, answers: (0 | 1 | 2)[]): Choices => {
  const pairs = [...Array(size).keys()].flatMap((one) =>
    [...Array(size - one - 1).keys()].map((offset) => [one, one + offset + 1] as [number, number]),
  );
  const answered = pairs.flatMap(([one, two], at) =>
    answers[at] ? [answers[at] === 1 ? [one, two] : [two, one]] : [],
  );
  return {
    size,
    chosen: Int32Array.from(answered, ([chosen = 0]) => chosen),
    other: Int32Array.from(answered, ([, other = 0]) => other),
  };
};

it('counts the same cycles as a search through all groups of three things', () => {
  const choicesOfAnySize = fc
    .integer({ min: 0, max: 9 })
    .chain((size) =>
      fc
        .array(fc.constantFrom<0 | 1 | 2>(0, 1, 2), { minLength: 36, maxLength: 36 })
        .map((answers) => choicesBetween(size, answers)),
    );
  fc.assert(
    fc.property(choicesOfAnySize, (choices) => {
      const beats = new Set([...choices.chosen].map((chosen, at) => `${chosen} ${choices.other[at]}`));
      const over = (one: number, two: number) => beats.has(`${one} ${two}`);
      const met = (one: number, two: number) => over(one, two) || over(two, one);
      let [triads, circular] = [0, 0];
      for (let a = 0; a < choices.size; a++)
        for (let b = a + 1; b < choices.size; b++)
          for (let c = b + 1; c < choices.size; c++) {
            if (!met(a, b) || !met(b, c) || !met(a, c)) continue;
            triads++;
            if ((over(a, b) && over(b, c) && over(c, a)) || (over(b, a) && over(c, b) && over(a, c)))
              circular++;
          }
      const found = countCycles(choices);
      expect([found.triads, found.circular]).toEqual([triads, circular]);
      expect(found.latest === undefined).toBe(circular === 0);
      if (!found.latest) return;
      const [a, b, c] = found.latest;
      expect([over(a, b), over(b, c), over(c, a)]).toEqual([true, true, true]);
    }),
  );
});

it('finds a cycle in a quarter of all groups of three when every choice is a coin toss', () => {
  const size = 100;
  const pairs = (size * (size - 1)) / 2;
  let seed = 1;
  const tosses = Array.from({ length: pairs }, () => {
    seed = (Math.imul(seed, 48_271) >>> 0) % 2_147_483_647;
    return seed % 1000 < 500 ? 1 : 2;
  });
  const { triads, circular } = countCycles(choicesBetween(size, tosses));
  expect(triads).toBe((size * (size - 1) * (size - 2)) / 6);
  expect(circular / triads).toBeCloseTo(0.25, 1);
});
