import { writeFile } from 'node:fs/promises';
import { PictureConverter } from './decode.js';
import type { DecoderAnswer, DecoderTask } from './decoder.js';

/**
 * The program that decodes pictures, one after the other, for the process that started it (decoder.ts). It ends with
 * that process.
 */
const converter = import('sharp').then(({ default: sharp }) => new PictureConverter(sharp));
converter.catch(() => undefined);

process.on('message', async (task: DecoderTask) => {
  const answer = await run(task).catch(
    (error: unknown): DecoderAnswer => ({ failure: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(answer);
});

async function run(task: DecoderTask): Promise<DecoderAnswer> {
  const ready = await converter;
  if ('decode' in task) return { decoded: await ready.decode(task.decode) };
  return { png: await ready.png(task.png) };
}

// Where memory runs out, Linux then ends this process rather than the site.
writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);

// Ctrl-C reaches every process of the terminal. The site lets open requests finish, and they need this one.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
