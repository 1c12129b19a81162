import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { root } from '../src/config.js';
import { migrateDown } from '../src/migrate.js';
import { itOnPostgres, openTestDatabase } from './site.js';

/** Longer than the statements of a page may take. */
const LONG_SECONDS = 16;

itOnPostgres('lets a migration wait longer than a page may', async () => {
  const { db, config, close } = await openTestDatabase();
  await migrateDown(db);
  expect(
    await runWhileLocked(config.databaseUrl, 'users, sessions, session_events, things, votes', ['migrate']),
  ).toEqual({
    code: 0,
    output: expect.stringContaining('Migrated '),
  });
  await close();
});

itOnPostgres('lets a check of the ranking wait longer than a page may', async () => {
  const { config, close } = await openTestDatabase();
  expect(await runWhileLocked(config.databaseUrl, 'boards', ['rank', '--check'])).toEqual({
    code: 0,
    output: expect.stringContaining('Foods'),
  });
  await close();
});

/** Runs a command while tables are locked, and unlocks them when it has waited long enough. */
async function runWhileLocked(
  databaseUrl = '',
  tables: string,
  args: string[],
): Promise<{ code: number; output: string }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${tables}`);
  const result = run(databaseUrl, args);
  const ended = result.then(() => true);
  const hasWaited = async (): Promise<boolean> => {
    await client.query('select pg_stat_clear_snapshot()');
    const { rowCount } = await client.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
         and clock_timestamp() - query_start > make_interval(secs => $1)`,
      [LONG_SECONDS],
    );
    return rowCount !== 0;
  };
  while (!(await Promise.race([ended, hasWaited()]))) await sleep(200);
  await client.query('commit');
  await client.end();
  return result;
}

async function run(databaseUrl: string, args: string[]): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
  const child = spawn(process.execPath, ['dist/src/cli.js', ...args], { cwd: root, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = await once(child, 'exit');
  return { code, output };
}
