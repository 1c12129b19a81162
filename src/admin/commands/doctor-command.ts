import { readArguments, type StoreCommand, UsageError } from '../../command-line.js';
import type { Config } from '../../config.js';
import { openDatabase } from '../../database.js';
import { count } from '../../http/format.js';
import { createLog } from '../../log.js';
import { openRedis } from '../../redis.js';
import type { State } from '../health/check.js';
import { checkHealth } from '../health/health.js';

/** `doctor`: prints how each part of the site is, and what to do. It fails when something is broken. */
export const doctorCommand: StoreCommand = (args) => {
  if (readArguments(args, {}).positionals.length > 0) throw new UsageError('doctor takes nothing');
  return async ({ config }) => {
    const checks = await examine(config);
    for (const { name, state, finding, advice } of checks)
      console.info(`${labels[state]}  ${name}: ${finding}${advice ? `\n            ${advice}` : ''}`);
    const brokenCount = checks.filter(({ state }) => state === 'broken').length;
    if (brokenCount > 0)
      throw new Error(`${count(brokenCount, 'part')} of the site ${brokenCount === 1 ? 'is' : 'are'} broken`);
  };
};

const labels: Record<State, string> = { fine: 'fine      ', look: 'look at it', broken: 'BROKEN    ' };

async function examine(config: Config) {
  const db = await openDatabase(config, () => undefined).catch(toError);
  const redis = config.redisUrl
    ? await openRedis(config.redisUrl, createLog('silent')).catch(toError)
    : undefined;
  try {
    return await checkHealth({ config, db, redis });
  } finally {
    if (!(db instanceof Error)) await db.destroy();
    if (redis && !(redis instanceof Error)) redis.disconnect();
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
