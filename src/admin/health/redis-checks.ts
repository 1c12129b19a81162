import type { Redis } from '../../redis.js';
import { broken, type Finding, fine, look } from './check.js';

const WITHOUT_REDIS = 'There is none. Sessions are in the process of the site, and Postgres has the record.';

/** Tells the version of Redis, and whether it keeps what it was given. */
export async function checkRedis(redis: Redis | undefined): Promise<Finding> {
  if (!redis) return fine(WITHOUT_REDIS);
  const info = await readInfo(redis);
  const version = info('valkey_version') ?? info('redis_version');
  const finding = `${info('valkey_version') ? 'Valkey' : 'Redis'} ${version ?? 'of an unknown version'}.`;
  const policy = info('maxmemory_policy');
  if (policy === undefined || policy === 'noeviction') return fine(finding);
  return look(
    `${finding} It deletes keys when its memory is full (${policy}).`,
    'Set maxmemory-policy to noeviction, or the limits on wrong passwords start again by themselves.',
  );
}

const [LOOK_SHARE, BROKEN_SHARE] = [0.8, 0.97];

/** Tells how much memory Redis uses of what it may use. */
export async function checkMemory(redis: Redis | undefined): Promise<Finding> {
  if (!redis) return fine('There is none.');
  const info = await readInfo(redis);
  return findingOfMemory(Number(info('used_memory')), Number(info('maxmemory')));
}

/**
 * Judges how many bytes Redis uses of those that it may use.
 * @param used NaN when Redis does not tell
 * @param most 0 or NaN for no limit
 */
export function findingOfMemory(used: number, most: number): Finding {
  if (Number.isNaN(used)) return fine('Redis does not tell.');
  const finding = `${megabytes(used)}${most > 0 ? ` of ${megabytes(most)}` : ', without a limit'}.`;
  const advice = 'Raise maxmemory of Redis.';
  if (!(most > 0) || used < LOOK_SHARE * most) return fine(finding);
  return used < BROKEN_SHARE * most ? look(finding, advice) : broken(finding, `${advice} Log-ins fail soon.`);
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Reads what Redis tells of itself. @returns a function that finds a field; undefined where it has none */
export async function readInfo(redis: Redis): Promise<(field: string) => string | undefined> {
  // Some hosting providers forbid this command.
  const text = await redis.info().catch((error: Error) => {
    if (/NOPERM|unknown command/i.test(error.message)) return '';
    throw error;
  });
  return (field) => new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(text)?.[1];
}
