import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { Redis } from '../../redis.js';
import { explain } from '../../startup-error.js';
import { broken, type Check, type Finding, type HealthSources, look } from './check.js';
import { checkBackup, checkClock, checkPostgres, checkTables } from './database-checks.js';
import { checkDisk, checkProxies, checkSettings } from './machine-checks.js';
import { checkRanking } from './ranking-check.js';
import { checkMemory, checkRedis } from './redis-checks.js';

type Work<Store> = (store: Store, sources: HealthSources) => Promise<Finding>;

type NamedFinding = [name: string, finding: Promise<Finding>];

/** Checks each part of the site. A check that fails is a finding, and the others go on. */
export function checkHealth(sources: HealthSources): Promise<Check[]> {
  const { config } = sources;
  const checks: NamedFinding[] = [
    ['Settings', checkSettings(config)],
    ['Database', withDatabase(sources, checkPostgres, true)],
    ['Tables', withDatabase(sources, checkTables)],
    ['Ranking', withDatabase(sources, checkRanking)],
    ['Redis', withRedis(sources, checkRedis, true)],
    ...(sources.redis
      ? ([['Memory of Redis', withRedis(sources, checkMemory)]] satisfies NamedFinding[])
      : []),
    ['Disk', checkDisk(config)],
    ['Clock', withDatabase(sources, checkClock)],
    ['Proxies', checkProxies(sources)],
    ['Backup', withDatabase(sources, checkBackup)],
  ];
  return Promise.all(
    checks.map(async ([name, finding]) => ({
      name,
      ...(await finding.catch((error: unknown) => unexpected(error, config))),
    })),
  );
}

async function withDatabase(sources: HealthSources, work: Work<Database>, isFirst = false): Promise<Finding> {
  const { db, config } = sources;
  if (!(db instanceof Error)) return work(db, sources);
  if (!isFirst) return look('Nobody can tell without the database.', 'Mend the database first.');
  return config.databaseUrl || !/in use by another process/.test(db.message)
    ? broken(`${explain(db, config)}.`, 'Start Postgres, or correct DATABASE_URL.')
    : look('A running site has the embedded database open.', 'Open /admin/health there, or stop the site.');
}

async function withRedis(
  sources: HealthSources,
  work: Work<Redis | undefined>,
  isFirst = false,
): Promise<Finding> {
  const { redis, config } = sources;
  if (!(redis instanceof Error)) return work(redis, sources);
  return isFirst
    ? broken(`${explain(redis, config)}.`, 'Start Redis, or correct REDIS_URL: nobody can log in without it.')
    : look('Nobody can tell without Redis.', 'Mend Redis first.');
}

const unexpected = (error: unknown, config: Config): Finding =>
  broken(`The check failed: ${explain(error, config)}.`, 'Look whether the other findings explain it.');
