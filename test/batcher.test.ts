import { expect, it } from 'vitest';
import { Batcher } from '../src/batcher.js';

/** A store that doubles numbers, and notes what it is asked in one go. */
function doubler(fails: (keys: number[]) => boolean = () => false) {
  const asked: number[][] = [];
  const batcher = new Batcher(async (keys: number[]) => {
    asked.push(keys);
    if (fails(keys)) throw new Error('broken');
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * 2]));
  });
  return { asked, batcher };
}

it('asks together for what is asked in one turn, and alone for what comes alone', async () => {
  const { asked, batcher } = doubler();
  expect(await Promise.all([1, 2, 2].map((key) => batcher.ask(key)))).toEqual([2, 4, 4]);
  expect(await batcher.ask(3)).toBe(6);
  expect(asked).toEqual([[1, 2, 2], [3]]);
});

it('has no answer for some, and answers the others', async () => {
  const { batcher } = doubler();
  expect(await Promise.all([1, -1].map((key) => batcher.ask(key)))).toEqual([2, undefined]);
});

it('lets only those fail whose own question fails', async () => {
  const { batcher } = doubler((keys) => keys.includes(2));
  const answers = await Promise.allSettled([1, 2, 3].map((key) => batcher.ask(key)));
  expect(answers).toMatchObject([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: { message: 'broken' } },
    { status: 'fulfilled', value: 6 },
  ]);
});

it('asks a question that came alone once only, also when it fails', async () => {
  const { asked, batcher } = doubler(() => true);
  await expect(batcher.ask(1)).rejects.toThrow('broken');
  expect(asked).toEqual([[1]]);
});
