import { expect, it } from 'vitest';
import { Decoder } from '../../src/catalog/pictures/decoder.js';
import { createLog } from '../../src/log.js';
import { picture } from '../organize/picture-corpus.js';

const log = createLog('silent');

it('stops a picture that takes too long, and reads the next one', async () => {
  const bytes = await picture('png', { width: 4000, height: 4000 });
  const hurried = new Decoder(log, { timeLimitMs: 10 });
  expect(await hurried.decode(bytes)).toEqual({ problem: 'slow' });
  const decoder = new Decoder(log);
  expect(await Promise.all([decoder.decode(bytes), decoder.decode(Buffer.alloc(0))])).toMatchObject([
    { width: 1280, height: 1280 },
    { problem: 'empty' },
  ]);
});
