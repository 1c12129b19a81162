import { statfs } from 'node:fs/promises';
import { sql } from 'kysely';
import { Gauge, Registry } from 'prom-client';
import { latestCheck } from '../../auth/audit/check-record.js';
import type { Config } from '../../config.js';
import { type Database, isDatabaseUnavailable } from '../../database.js';
import type { Redis } from '../../redis.js';
import { folderOfDisk } from '../health/machine-checks.js';
import type { RankerWatch } from '../health/ranker-watch.js';
import { readLag } from '../health/ranking-check.js';
import { readInfo } from '../health/redis-checks.js';

/** What the metrics of the whole site are read from. */
export interface MetricSources {
  config: Config;
  db: Database;
  redis: Redis | undefined;
  rankerWatch: RankerWatch;
}

/**
 * Reads what all processes share: the stores, the ranker, sessions, and the record of events. Nothing is read between
 * two scrapes. What a store that is away would tell is left out.
 * @returns the values in the format of Prometheus
 */
export async function siteMetrics(sources: MetricSources): Promise<string> {
  const registry = new Registry();
  await Promise.all([
    readDatabase(registry, sources),
    sources.redis && readRedis(registry, sources.redis),
    readDisk(registry, sources.config),
  ]);
  return registry.metrics();
}

type Value = number | Record<string, number>;

/** Adds a gauge. @param values one value, or a value for each value of the label */
function add(registry: Registry, { name, help, label }: Description, values: Value): void {
  const isOne = typeof values === 'number';
  const gauge = new Gauge({
    ...{ name: `thinga_${name}`, help, registers: [registry] },
    labelNames: label ? [label] : [],
  });
  if (isOne) gauge.set(values);
  else for (const [key, value] of Object.entries(values)) gauge.set({ [label ?? 'state']: key }, value);
}

interface Description {
  name: string;
  help: string;
  label?: string;
}

async function readDatabase(registry: Registry, { db, rankerWatch }: MetricSources): Promise<void> {
  const up = { name: 'database_up', help: 'Whether Postgres answers (0 or 1).' };
  try {
    const [seconds, { waiting, stale }, sessions, check] = await Promise.all([
      rankerWatch.secondsBehind(db),
      readLag(db),
      countSessions(db),
      latestCheck(db),
    ]);
    add(registry, up, 1);
    add(registry, { name: 'ranker_lag_seconds', help: 'How long the same vote has waited.' }, seconds);
    add(registry, { name: 'ranker_waiting_votes', help: 'Votes to read, at most 10,000.' }, waiting);
    add(registry, { name: 'stale_topics', help: 'Topics that waited for a fit for over an hour.' }, stale);
    add(registry, { name: 'sessions', help: 'Sessions by state.', label: 'state' }, sessions);
    if (!check) return;
    const broken = {
      name: 'audit_broken',
      help: 'Whether the last check found a break in the record (0, 1).',
    };
    add(registry, broken, check.finding === null ? 0 : 1);
    const checkedAt = { name: 'audit_checked_timestamp_seconds', help: 'When the record was last checked.' };
    add(registry, checkedAt, check.at.getTime() / 1_000);
  } catch (error) {
    // Any other error is a fault of the site, and the scrape has to fail.
    if (!isDatabaseUnavailable(error)) throw error;
    add(registry, up, 0);
  }
}

async function countSessions(db: Database): Promise<Record<string, number>> {
  const { rows } = await sql<{ status: string; count: number }>`
    select status, count(*)::int as count from sessions group by status`.execute(db);
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  return { active: 0, inactive: 0, expired: 0, ...counts };
}

async function readRedis(registry: Registry, redis: Redis): Promise<void> {
  const up = { name: 'redis_up', help: 'Whether Redis answers (0 or 1).' };
  try {
    await redis.ping();
    add(registry, up, 1);
    const info = await readInfo(redis);
    const [used, most] = [Number(info('used_memory')), Number(info('maxmemory'))];
    if (Number.isNaN(used)) return;
    add(registry, { name: 'redis_memory_bytes', help: 'Memory that Redis uses.' }, used);
    add(registry, { name: 'redis_memory_max_bytes', help: 'What it may use; 0 for no limit.' }, most || 0);
  } catch {
    add(registry, up, 0);
  }
}

async function readDisk(registry: Registry, config: Config): Promise<void> {
  const { bavail, bsize } = await statfs(folderOfDisk(config));
  add(registry, { name: 'disk_free_bytes', help: 'Room on the disk of the site.' }, bavail * bsize);
}
