import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest';
import { seed } from '../src/catalog/seed.js';
import { root } from '../src/config.js';
import { freePort, killProcesses, startProcess } from './processes.js';
import { FIREFOX, itOnBothStores, itOnPostgres, openTestDatabase } from './site.js';

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-start-'));
let port = 0;

beforeAll(async () => {
  port = await freePort();
});
afterEach(killProcesses);
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** Starts the built site on this file's port and data. */
const start = (env: Record<string, string>, folder?: string) =>
  startProcess({ DATA_DIR: dataDir, PORT: String(port), ...env }, { folder });

const browse = () =>
  supertest.agent(`http://127.0.0.1:${port}`).set('Sec-Fetch-Site', 'same-origin').set('User-Agent', FIREFOX);

it('starts without settings, prints its address, a log-in and a link for the first admin, and keeps sessions over a restart', async () => {
  const first = start({});
  await first.until('Log in as');
  expect(first.said()).toContain(`http://localhost:${port}`);
  const [, username, password] = /Log in as (\S+) with the password (\S+)/.exec(first.said()) ?? [];
  const browser = browse();
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  const vote = await browser.get('/vote').expect(200);
  expect(vote.text).toContain('Which would you rather eat?');
  const claim = claimPath(first.said());
  await browser.get(claim).expect(200);

  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  const second = start({});
  await second.until('Log in as');
  expect(second.said()).not.toContain('Creating');
  await browser.get('/profile').expect(200);
  await browser.get(claim).expect(404);
  await browser.get(claimPath(second.said())).expect(200);

  second.child.kill('SIGTERM');
  const [code] = await once(second.child, 'exit');
  expect(code).toBe(0);
});

const claimPath = (said: string): string =>
  new RegExp(`To become its admin, open http://localhost:${port}(/claim/\\S+)`).exec(said)?.[1] ?? '';

it('says in one line that the port is in use, and ends', async () => {
  const portUser = createServer().listen(port, '127.0.0.1');
  await once(portUser, 'listening');
  expect(await failure({ DATA_DIR: dataDir })).toMatch(new RegExp(`port ${port} .* is in use`));
  portUser.close();
});

it.each([
  [
    'Postgres does not answer',
    { DATABASE_URL: 'postgres://u:geheim@127.0.0.1:9/x' },
    'Postgres at 127.0.0.1:9',
  ],
  ['Redis does not answer', { REDIS_URL: 'redis://:geheim@127.0.0.1:9' }, 'Redis at 127.0.0.1:9'],
  ['a setting is wrong', { PORT: 'eighty' }, 'PORT is "eighty"'],
  [
    'a ranker elsewhere can’t share the embedded database',
    { RANKER: 'none' },
    'RANKER is none, which needs DATABASE_URL',
  ],
])('says in one line that %s, and ends', async (_case, env, message) => {
  const said = await failure(env);
  expect(said).toContain(message);
  expect(said).not.toContain('geheim');
});

const newest = readdirSync(join(root, 'migrations')).sort().at(-1)?.replace('.ts', '') ?? '';

itOnPostgres('says in one line which migration fails, and ends', async () => {
  const testDb = await openTestDatabase();
  await testDb.db
    .deleteFrom('kysely_migration' as never)
    .where('name' as never, '=', newest as never)
    .execute();
  const said = await failure({ DATABASE_URL: testDb.config.databaseUrl ?? '' });
  expect(said).toContain(`migration ${newest} failed: `);
  await testDb.close();
});

itOnPostgres('survives when Postgres ends its connections, and goes on ranking', async () => {
  const testDb = await openTestDatabase();
  const site = start({ DATABASE_URL: testDb.config.databaseUrl ?? '' });
  await site.until('Thinga is at');
  await browse().get('/readyz').expect(200);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(testDb.db);
  while ((await browse().get('/readyz')).status !== 200);
  const rankerLocks = async () =>
    (
      await sql`select from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`.execute(testDb.db)
    ).rows.length;
  while ((await rankerLocks()) === 0);
  expect(site.child.exitCode).toBeNull();
  await testDb.close();
});

itOnBothStores('serves from two processes that share their stores', async () => {
  const redis = inject('redis') ?? '';
  const testDb = await openTestDatabase();
  const site = start({
    DATABASE_URL: testDb.config.databaseUrl ?? '',
    REDIS_URL: redis,
    WEB_CONCURRENCY: '2',
  });
  await site.until('Thinga is at');
  const browser = browse();
  await browser
    .post('/register')
    .type('form')
    .send({ username: 'both', password: 'a long enough phrase' })
    .expect(303);
  for (let look = 0; look < 6; look++) await browse().get('/readyz').expect(200);
  await browser.get('/profile').expect(200);
  site.child.kill('SIGTERM');
  await once(site.child, 'exit');
  await testDb.close();
});

it('says in one line what to do with a database from before the first release', async () => {
  const testDb = await openTestDatabase();
  await testDb.db
    .insertInto('kysely_migration' as never)
    .values({ name: '2026-11-21-1-accounts', timestamp: new Date().toISOString() } as never)
    .execute();
  const env = inject('postgres') ? { DATABASE_URL: testDb.config.databaseUrl ?? '' } : {};
  if (!inject('postgres')) await testDb.db.destroy();
  const said = await failure({ DATA_DIR: testDb.config.dataDir, ...env });
  expect(said).toContain('made before the first release');
  expect(said).toContain('export');
  await testDb.close();
});

itOnBothStores('shows the same pages while its files are replaced', async () => {
  const redis = inject('redis') ?? '';
  const testDb = await openTestDatabase();
  await seed(testDb.db);
  const folder = mkdtempSync(join(dataDir, 'installed-'));
  for (const part of ['dist', 'migrations', 'public', 'views', 'package.json'])
    cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const site = start(
    {
      NODE_ENV: 'production',
      DATABASE_URL: testDb.config.databaseUrl ?? '',
      REDIS_URL: redis,
      PUBLIC_ORIGIN: `http://localhost:${port}`,
      SESSION_SECRET: randomBytes(36).toString('base64'),
    },
    folder,
  );
  await site.until('Thinga is at');
  rmSync(join(folder, 'views'), { recursive: true });
  const browser = browse();
  for (const path of ['/', '/login', '/register', '/how', '/topics']) await browser.get(path).expect(200);
  await browser.get('/nowhere').expect(404);
  site.child.kill('SIGTERM');
  await once(site.child, 'exit');
  await testDb.close();
});

/** Starts a site that must fail, and returns its last line. */
async function failure(env: Record<string, string>): Promise<string> {
  const site = start(env);
  const [code] = await once(site.child, 'exit');
  expect(code).toBe(1);
  const lines = site.said().trim().split('\n');
  expect(lines.at(-1)).toMatch(/^Thinga can't start: /);
  expect(lines.filter((line) => /error|at .*\(|\{/i.test(line))).toEqual([]);
  return lines.at(-1) ?? '';
}
