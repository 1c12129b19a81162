import { sql } from 'kysely';
import { afterEach, expect, inject, it, vi } from 'vitest';
import { doctorCommand } from '../../src/admin/commands/doctor-command.js';
import type { Check } from '../../src/admin/health/check.js';
import { findingOfClocks, findingOfServer } from '../../src/admin/health/database-checks.js';
import { checkHealth } from '../../src/admin/health/health.js';
import { findingOfDisk } from '../../src/admin/health/machine-checks.js';
import { findingOfMemory } from '../../src/admin/health/redis-checks.js';
import { createLog } from '../../src/log.js';
import { openRedis } from '../../src/redis.js';
import {
  itOnBothStores,
  itOnPostgres,
  itOnRedis,
  member,
  read,
  topic,
  useSite,
  visit,
  vote,
} from '../site.js';
import { startStoreProxy } from '../store-proxy.js';

const site = useSite({ trustProxy: 1 });
afterEach(() => vi.restoreAllMocks());

const check = (changes: Partial<Parameters<typeof checkHealth>[0]> = {}): Promise<Check[]> =>
  checkHealth({ ...site, ...changes });

async function find(name: string, changes: Partial<Parameters<typeof checkHealth>[0]> = {}) {
  return (await check(changes)).find((found) => found.name === name);
}

async function admin() {
  const { browser, id } = await member(site);
  await sql`update users set role = 'admin' where id = ${id}`.execute(site.db);
  return browser;
}

/** Runs doctor, and returns what it prints and why it fails. */
async function doctor(changes: Partial<typeof site.config>): Promise<{ printed: string; failure: string }> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  const failure = await doctorCommand([])({ config: { ...site.config, ...changes } }).then(
    () => '',
    (error: Error) => error.message,
  );
  const printed = info.mock.calls.join('\n');
  info.mockRestore();
  return { printed, failure };
}

it('shows admins each part of the site, and members nothing', async () => {
  const page = read((await (await admin()).get('/admin/health').expect(200)).text);
  const names = page('main li h3')
    .map((_index, heading) => page(heading).text())
    .get();
  expect(names.sort()).toEqual([
    ...['Backup', 'Clock', 'Database', 'Disk', ...(site.redis ? ['Memory of Redis'] : []), 'Proxies'],
    ...['Ranking', 'Redis', 'Settings'],
    'Tables',
  ]);
  await (await member(site)).browser.get('/admin/health').expect(404);
  await visit(site).get('/admin/health').expect(303);
});

it('says what to do about everything that is not fine', async () => {
  const checks = await check();
  for (const { state, advice } of checks) expect(advice === '').toBe(state === 'fine');
  for (const name of ['Settings', 'Database', 'Tables', 'Clock'])
    expect(checks.find((found) => found.name === name)).toMatchObject({ state: 'fine' });
});

it('finds tables that are older than the program, and newer ones', async () => {
  const { rows } = await sql<{ name: string }>`select max(name) as name from kysely_migration`.execute(
    site.db,
  );
  const rename = (from: string, to: string) =>
    sql`update kysely_migration set name = ${to} where name = ${from}`.execute(site.db);
  const newest = rows[0]?.name ?? '';
  await rename(newest, '2099-01-01-1-later');
  expect(await find('Tables')).toMatchObject({ state: 'broken', advice: expect.stringContaining('version') });
  await sql`delete from kysely_migration where name like '2099%'`.execute(site.db);
  expect(await find('Tables')).toMatchObject({ state: 'look', finding: '1 migration to run.' });
  await sql`insert into kysely_migration (name, timestamp) values (${newest}, '')`.execute(site.db);
  expect(await find('Tables')).toMatchObject({ state: 'fine' });
});

itOnPostgres('finds votes that wait for a ranker', async () => {
  await topic(site);
  await site.rank();
  expect(await find('Ranking')).toMatchObject({ state: 'look' });
  await vote((await member(site)).browser);
  expect(await find('Ranking')).toMatchObject({
    state: 'broken',
    finding: 'No ranker works. To read: 1 vote.',
  });
  await site.rank();
});

it('compares TRUST_PROXY with what a request says', async () => {
  const browser = await admin();
  const proxies = async (forwardedFor: string) => {
    const answer = await browser.get('/admin/health').set('X-Forwarded-For', forwardedFor).expect(200);
    const page = read(answer.text);
    return page('main li:has(h3:contains("Proxies"))').text().replace(/\s+/g, ' ');
  };
  expect(await proxies('198.51.100.4')).toContain('You seem to come from 198.51.100.4.');
  expect(await proxies('203.0.113.9, 198.51.100.4')).toContain('Set TRUST_PROXY=2');
  const config = { ...site.config, trustProxy: 0 };
  expect(await find('Proxies', { config: { ...config, publicOrigin: 'https://a.example' } })).toMatchObject({
    state: 'look',
  });
});

itOnRedis('finds a Redis that deletes keys by itself', async () => {
  const change = (answer: Buffer): Buffer =>
    Buffer.from(
      answer.toString('latin1').replace('maxmemory_policy:noeviction', 'maxmemory_policy:allkeys-lf'),
      'latin1',
    );
  const proxy = await startStoreProxy(inject('redis') ?? '', change);
  const redis = await openRedis(proxy.url, createLog('silent'));
  expect(await find('Redis', { redis })).toMatchObject({
    state: 'look',
    advice: expect.stringContaining('noeviction'),
  });
  redis.disconnect();
  await proxy.close();
});

it('tells how old the last backup is', async () => {
  expect(await find('Backup')).toMatchObject({ state: 'look', finding: 'npm run backup has made none.' });
  await sql`insert into backups (taken_at, bytes) values (now() - interval '8 days', 2000000)`.execute(
    site.db,
  );
  expect(await find('Backup')).toMatchObject({ state: 'look', finding: expect.stringContaining('2.0 MB') });
  await site.db.insertInto('backups').values({ bytes: 1 }).execute();
  expect(await find('Backup')).toMatchObject({ state: 'fine' });
});

it.each([
  [{ free: 0.19e9, total: 100e9 }, 'broken', 'Make room at once: votes can’t be written to a full disk.'],
  [{ free: 0.9e9, total: 10e9 }, 'look', 'Make room, or move to a larger disk.'],
  [{ free: 4e9, total: 100e9 }, 'look', 'Make room, or move to a larger disk.'],
  [{ free: 6e9, total: 100e9 }, 'fine', ''],
])('judges a disk of %o', (disk, state, advice) => {
  expect(findingOfDisk(disk)).toMatchObject({ state, advice });
});

it.each([
  [61, 'broken', 'Set both clocks by NTP.'],
  [1.2, 'look', 'Set both clocks by NTP.'],
  [0.9, 'fine', ''],
])('judges clocks that differ by %d seconds', (seconds, state, advice) => {
  expect(findingOfClocks(seconds)).toMatchObject({ state, advice });
});

it.each([
  [[98e6, 100e6], 'broken', 'Raise maxmemory of Redis. Log-ins fail soon.'],
  [[80e6, 100e6], 'look', 'Raise maxmemory of Redis.'],
  [[79e6, 100e6], 'fine', ''],
  [[79e6, 0], 'fine', ''],
])('judges a Redis by the bytes that it uses and may use: %j', ([used = 0, most = 0], state, advice) => {
  expect(findingOfMemory(used, most)).toMatchObject({ state, advice });
});

it.each([
  [{ major: 13, writes: 'on on' }, 'broken', 'Update Postgres to 14 or newer.'],
  [
    { major: 17, writes: 'off on' },
    'look',
    'Switch on fsync and synchronous_commit, or a crash loses votes.',
  ],
  [
    { major: 17, writes: 'on off' },
    'look',
    'Switch on fsync and synchronous_commit, or a crash loses votes.',
  ],
  [{ major: 19, writes: 'on on' }, 'look', 'Update Thinga: this version was tested with Postgres up to 18.'],
  [{ major: 14, writes: 'on on' }, 'fine', ''],
])('judges a Postgres by its version, fsync and synchronous_commit: %j', (server, state, advice) => {
  const found = findingOfServer({ version: `${server.major}.1`, megabytes: 9, ...server });
  expect(found).toMatchObject({ state, advice });
});

it('finds settings that are right for a trial only', async () => {
  const found = (changes: Partial<typeof site.config>) =>
    find('Settings', { config: { ...site.config, ...changes } });
  expect(await found({ production: true, rateLimits: false })).toMatchObject({
    state: 'look',
    advice: 'Remove RATE_LIMITS, so that nobody can send any number of requests.',
  });
  expect(await found({ production: false, publicOrigin: 'https://a.example' })).toMatchObject({
    state: 'look',
    advice: 'Set NODE_ENV=production, so that unsafe settings are refused.',
  });
  expect(await found({ production: true, rateLimits: 1 })).toMatchObject({ state: 'fine' });
});

itOnBothStores('doctor says which store is away, checks the rest, and fails', async () => {
  const away = await doctor({
    databaseUrl: 'postgres://someone:a-password@127.0.0.1:9/thinga',
    redisUrl: inject('redis'),
  });
  expect(away.failure).toBe('1 part of the site is broken');
  expect(away.printed).toContain('BROKEN      Database: Postgres at 127.0.0.1:9');
  expect(away.printed).toContain('Start Postgres, or correct DATABASE_URL.');
  expect(away.printed).toContain('fine        Redis: ');
  expect(away.printed).not.toContain('a-password');
  const redisAway = await doctor({ redisUrl: 'redis://127.0.0.1:9' });
  expect(redisAway.failure).toBe('1 part of the site is broken');
  expect(redisAway.printed).toContain('BROKEN      Redis: Redis at 127.0.0.1:9');
  const well = await doctor({ redisUrl: inject('redis') });
  expect(well.failure).toBe('');
});

it('doctor says so when the running site has the embedded database open', async () => {
  if (inject('postgres')) return;
  const { printed, failure } = await doctor({});
  expect(printed).toContain('look at it  Database: A running site has the embedded database open.');
  expect(failure).toBe('');
});
