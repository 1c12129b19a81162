import { statfs } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Config } from '../../config.js';
import { type Database, isDatabaseUnavailable, isPoolExhausted } from '../../database.js';
import type { ReadinessCheck } from '../../http/health.js';
import type { Redis } from '../../redis.js';
import { folderOfDisk } from './machine-checks.js';
import type { RankerWatch } from './ranker-watch.js';

const MEGABYTE = 1e6;

/** Returns what `/readyz` checks: the stores, the ranker, and the disk of the site. */
export function readinessChecks({
  config,
  db,
  redis,
  rankerWatch,
}: {
  config: Config;
  db: Database;
  redis: Redis | undefined;
  rankerWatch: RankerWatch;
}): ReadinessCheck[] {
  return [
    { name: 'database', check: () => checkDatabase(db) },
    { name: 'redis', check: () => checkRedis(redis) },
    { name: 'ranker', check: () => checkRanker(db, config, rankerWatch) },
    { name: 'disk', check: () => checkDisk(config) },
  ];
}

async function checkDatabase(db: Database): Promise<string> {
  try {
    await sql`select 1`.execute(db);
    return 'ok';
  } catch (error) {
    return isPoolExhausted(error) ? 'exhausted: all connections are in use' : 'away';
  }
}

async function checkRedis(redis: Redis | undefined): Promise<string> {
  try {
    await redis?.ping();
    return 'ok';
  } catch {
    return 'away';
  }
}

async function checkRanker(
  db: Database,
  { readyMaxLagSeconds }: Config,
  watch: RankerWatch,
): Promise<string> {
  if (readyMaxLagSeconds === 0) return 'ok';
  try {
    const seconds = await watch.secondsBehind(db);
    if (seconds < readyMaxLagSeconds) return 'ok';
    return `stuck: a vote has waited for ${Math.floor(seconds)} seconds`;
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    // Only the database can tell, and its own line says that it can't.
    return 'ok';
  }
}

async function checkDisk(config: Config): Promise<string> {
  const disk = await statfs(folderOfDisk(config)).catch(() => undefined);
  // Some file systems don't tell.
  if (!disk) return 'ok';
  const megabytes = Math.floor((disk.bavail * disk.bsize) / MEGABYTE);
  return megabytes < config.readyMinDiskMb ? `full: ${megabytes} MB are free` : 'ok';
}
