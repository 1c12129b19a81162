import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { type Config, readConfig, root } from '../src/config.js';
import { openDatabase } from '../src/database.js';
import { createLog } from '../src/log.js';
import { migrateUp } from '../src/migrate.js';
import { openRedis } from '../src/redis.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * A Postgres server, and a migrated database on it that each test file copies; undefined without a
     * server. With a pooler, sites connect through it, and the tests make their databases without it.
     */
    postgres:
      | { server: string; template: string; pooler?: { url: string; mode: Config['databasePooler'] } }
      | undefined;
    /** A folder with a migrated embedded database that each test file copies; undefined with a server. */
    embedded: string | undefined;
    redis: string | undefined;
  }
}

/**
 * Chooses the stores for the tests: the Postgres and Redis in DATABASE_URL and REDIS_URL, else those on this
 * machine, else the embedded database. The tests create databases of their own and drop them again. When
 * DATABASE_POOLER says that DATABASE_URL is a pooler, they do so at DATABASE_DIRECT_URL.
 * `TEST_STORES=embedded` does not use the servers.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  refuseStaleMigrations();
  const embedded = process.env.TEST_STORES === 'embedded';
  const { DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_POOLER } = process.env;
  const server = DATABASE_DIRECT_URL || DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
  const pooler = DATABASE_URL &&
    DATABASE_POOLER && { url: DATABASE_URL, mode: DATABASE_POOLER as Config['databasePooler'] };
  const redis = process.env.REDIS_URL || 'redis://127.0.0.1:6379';
  const postgresAnswers = !embedded && (await answersPostgres(server));
  const redisAnswers = !embedded && (await answersRedis(redis));
  console.info(
    [
      postgresAnswers
        ? 'Tests run on a Postgres server.'
        : 'Tests run on the embedded database: those that need two connections at once are skipped.',
      redisAnswers
        ? 'Session state is in Redis.'
        : 'Session state is in the process: tests of what Redis holds are skipped.',
    ].join(' '),
  );
  const template = `thinga_test_${process.pid}`;
  const folder = mkdtempSync(join(tmpdir(), 'thinga-test-template-'));
  project.provide('postgres', postgresAnswers ? { server, template, ...(pooler && { pooler }) } : undefined);
  project.provide('embedded', postgresAnswers ? undefined : folder);
  project.provide('redis', redisAnswers ? redis : undefined);

  if (postgresAnswers) await onServer(server, `create database ${template}`);
  const databaseUrl = postgresAnswers
    ? Object.assign(new URL(server), { pathname: `/${template}` }).href
    : undefined;
  const db = await openDatabase({ ...readConfig({ DATA_DIR: folder }), databaseUrl }, () => undefined);
  await migrateUp(db);
  await db.destroy();
  return async () => {
    if (postgresAnswers) await onServer(server, `drop database ${template} with (force)`);
    rmSync(folder, { recursive: true, force: true });
  };
}

// A build leaves the compiled files of sources that are gone, and a migration that is left would still run.
function refuseStaleMigrations(): void {
  const stale = readdirSync(join(root, 'dist/migrations'))
    .filter((file) => file.endsWith('.js'))
    .find((file) => !existsSync(join(root, 'migrations', file.replace('.js', '.ts'))));
  if (stale) throw new Error(`dist/migrations/${stale} has no source: delete dist and build again`);
}

/** Runs one statement on a Postgres server. */
export async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Tells whether a Postgres server answers. */
export async function answersPostgres(server: string): Promise<boolean> {
  return onServer(server, 'select 1').then(
    () => true,
    () => false,
  );
}

/** Tells whether Redis answers, at any address that the site takes. */
export async function answersRedis(url: string): Promise<boolean> {
  try {
    const redis = await openRedis(url, createLog('silent'));
    const answer = await redis.ping().finally(() => redis.disconnect());
    return answer === 'PONG';
  } catch {
    return false;
  }
}
