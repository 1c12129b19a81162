import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { root } from '../src/config.js';
import { migrateDown } from '../src/migrate.js';
import { itOnPostgres, openDatabaseOfItsOwn } from './site.js';

/** Seconds, and longer than a page may wait for a statement. */
const LONG = 16;

itOnPostgres('lets an upgrade wait for work that takes long', async () => {
  const { db, config, close } = await openDatabaseOfItsOwn();
  await migrateDown(db);
  expect(
    await runWhileLocked(config.databaseUrl, 'users, sessions, session_events, things, votes', 'migrate'),
  ).toEqual({
    code: 0,
    said: expect.stringContaining('Migrated '),
  });
  await close();
});

itOnPostgres('lets a check of the ranking wait for work that takes long', async () => {
  const { config, close } = await openDatabaseOfItsOwn();
  expect(await runWhileLocked(config.databaseUrl, 'boards', 'rank', '--check')).toEqual({
    code: 0,
    said: expect.stringContaining('Foods'),
  });
  await close();
});

/** Runs a command while tables are locked, until it has waited for one of them long enough. */
async function runWhileLocked(
  databaseUrl = '',
  tables: string,
  ...args: string[]
): Promise<{ code: number; said: string }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${tables}`);
  const command = run(databaseUrl, args);
  const ended = command.then(() => true);
  const hasWaited = async (): Promise<boolean> => {
    await client.query('select pg_stat_clear_snapshot()');
    const { rowCount } = await client.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
         and clock_timestamp() - query_start > make_interval(secs => $1)`,
      [LONG],
    );
    return rowCount !== 0;
  };
  while (!(await Promise.race([ended, hasWaited()]))) await sleep(200);
  await client.query('commit');
  await client.end();
  return command;
}

async function run(databaseUrl: string, args: string[]): Promise<{ code: number; said: string }> {
  const env = { PATH: process.env.PATH, DATABASE_URL: databaseUrl };
  const child = spawn(process.execPath, ['dist/src/cli.js', ...args], { cwd: root, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [code] = await once(child, 'exit');
  return { code, said };
}
