import { expect, it } from 'vitest';
import { Batcher } from '../src/batcher.js';

/** A batcher that doubles positive numbers, and the batches of keys that it loaded. */
function doubler(fails: (keys: number[]) => boolean = () => false) {
  const batches: number[][] = [];
  const batcher = new Batcher(async (keys: number[]) => {
    batches.push(keys);
    if (fails(keys)) throw new Error('broken');
    return new Map(keys.filter((key) => key > 0).map((key) => [key, key * 2]));
  });
  return { batches, batcher };
}

it('combines the lookups of one turn, and sends a single lookup alone', async () => {
  const { batches, batcher } = doubler();
  expect(await Promise.all([1, 2, 2].map((key) => batcher.load(key)))).toEqual([2, 4, 4]);
  expect(await batcher.load(3)).toBe(6);
  expect(batches).toEqual([[1, 2, 2], [3]]);
});

it('returns undefined for a key without a value, and the values of the others', async () => {
  const { batcher } = doubler();
  expect(await Promise.all([1, -1].map((key) => batcher.load(key)))).toEqual([2, undefined]);
});

it('fails only for the key that causes the failure', async () => {
  const { batcher } = doubler((keys) => keys.includes(2));
  const answers = await Promise.allSettled([1, 2, 3].map((key) => batcher.load(key)));
  expect(answers).toMatchObject([
    { status: 'fulfilled', value: 2 },
    { status: 'rejected', reason: { message: 'broken' } },
    { status: 'fulfilled', value: 6 },
  ]);
});

it('does not retry a single lookup that fails', async () => {
  const { batches, batcher } = doubler(() => true);
  await expect(batcher.load(1)).rejects.toThrow('broken');
  expect(batches).toEqual([[1]]);
});
