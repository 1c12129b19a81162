import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, expect, inject, it } from 'vitest';
import { backUp } from '../../src/admin/backup/backup.js';
import { findTool } from '../../src/admin/backup/postgres-tools.js';
import { restore } from '../../src/admin/backup/restore.js';
import { makeClaim } from '../../src/admin/settings/claim.js';
import { verifyChains } from '../../src/auth/audit/hash-chain.js';
import { findUnconfirmed, setAddress } from '../../src/auth/email/addresses.js';
import { rememberChallenge, useChallenge } from '../../src/auth/passkeys/challenges.js';
import { makeResetLink } from '../../src/auth/recovery/reset-link.js';
import type { Config } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database.js';
import { Ranker } from '../../src/ranking/ranker/ranker.js';
import {
  itOnPostgres,
  member,
  openSite,
  openTestDatabase,
  pairOn,
  type Site,
  topic,
  visit,
  vote,
  voteTimes,
} from '../site.js';
import { onServer } from '../stores.js';

const folder = mkdtempSync(join(tmpdir(), 'thinga-backup-'));
const prefix = `thinga-test-${randomBytes(6).toString('hex')}:`;
const closing: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closing) await close();
  rmSync(folder, { recursive: true, force: true });
});

/** The settings of a site on a database that does not exist yet, with the secrets of another site. */
async function emptyDatabase(of: Config): Promise<Config> {
  const dataDir = mkdtempSync(join(folder, 'data-'));
  const postgres = inject('postgres');
  if (!postgres) return { ...of, dataDir };
  const name = `thinga_test_${randomBytes(6).toString('hex')}`;
  await onServer(postgres.server, `create database ${name}`);
  closing.push(() => onServer(postgres.server, `drop database ${name} with (force)`));
  return {
    ...of,
    dataDir,
    databaseUrl: Object.assign(new URL(postgres.server), { pathname: `/${name}` }).href,
  };
}

/** Serves a database that is open, with Redis. */
async function serve(db: Database, config: Config): Promise<Site> {
  return openSite({}, { storesOf: { db, config, prefix } as Site });
}

const standingsOf = (db: Database) =>
  db.selectFrom('standings').select(['thingId', 'rank', 'low', 'high']).orderBy('thingId').execute();

it('restores a backup: the same ranking, all sessions ended, and new votes count', async () => {
  const test = await openTestDatabase();
  closing.push(test.close);
  const config = { ...test.config, redisUrl: inject('redis') };
  const before = await serve(test.db, config);
  const { slug } = await topic(before, { slug: 'drill' });
  const path = `/topics/${slug}/vote`;
  const people = await Promise.all(Array.from({ length: 4 }, () => member(before)));
  for (const { browser } of people) await voteTimes(browser, 4, { path });
  const [one] = people as [(typeof people)[0]];
  await vote(one.browser, 'right', path);
  await one.browser.post('/vote/undo');
  const jar = { path: '/', domain: '127.0.0.1', secure: false, script: false };
  const cookie = `thinga=${one.browser.jar.getCookie('thinga', jar)?.value}`;
  await visit(before).get('/profile').set('Cookie', cookie).expect(200);
  const client = { device: 'Firefox on Linux', address: '10.0.0.1', userAgent: '' };
  const links = {
    reset: (await makeResetLink(before, one.id)).replace(before.config.publicOrigin, ''),
    claim: `/claim/${await makeClaim(test.db)}`,
    email: await setAddress(test.db, { userId: one.id, sessionId: 0, client, address: 'a@b.example' }),
  };
  await rememberChallenge(test.db, 'a challenge', 'log-in');
  for (const link of [links.reset, links.claim]) await visit(before).get(link).expect(200);
  await before.rank();
  const board = before.boards.get(slug);
  await new Ranker(test.db).refit(board?.topic.id ?? 0);
  await before.rank();
  const ranking = await standingsOf(test.db);
  expect(ranking).toHaveLength(4);
  await before.close();
  // The embedded database has to be stopped.
  await test.db.destroy();

  const file = join(folder, 'drill.backup');
  expect(await backUp(config, file)).toBe(statSync(file).size);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await expect(backUp(config, file)).rejects.toThrow('exists: name another file');

  const target = await emptyDatabase(config);
  expect(await restore(target, file, prefix)).toBe(people.length);
  await expect(restore(target, file, prefix)).rejects.toThrow('already');

  const db = await openDatabase(target, () => undefined);
  // Before every transaction of this server, wherever the backup came from.
  expect((await sql`select from votes where xid > '1' or withdrawn_xid > '2'`.execute(db)).rows).toEqual([]);
  const after = await serve(db, target);
  closing.push(() => db.destroy());
  await after.rank();
  expect(await standingsOf(db)).toEqual(ranking);
  expect((await verifyChains(db)).broken).toBeUndefined();
  await visit(after).get('/profile').set('Cookie', cookie).expect(303);

  // Somebody may have used these after the backup.
  for (const link of [links.reset, links.claim]) await visit(after).get(link).expect(404);
  expect(await findUnconfirmed(db, links.email)).toBeUndefined();
  expect(await useChallenge(db, 'a challenge', 'log-in')).toBe(false);

  const again = visit(after);
  const { username, password, id } = one;
  await again.post('/login').type('form').send({ username, password }).expect(303);
  const votes = after.boards.get(slug)?.votes ?? 0;
  const { ballot } = pairOn((await again.get(path).expect(200)).text);
  expect(ballot).not.toBe('');
  await again.post(path).type('form').send({ ballot, choice: 'left' }).expect(303);
  await after.rank();
  expect(after.boards.get(slug)?.votes).toBe(votes + 1);
  const newcomer = await member(after);
  expect(newcomer.id).toBeGreaterThan(id + 1_000_000);
  await after.close();
}, 120_000);

it('refuses the embedded database while a site has it open', async () => {
  const { db, config, close } = await openTestDatabase({ databaseUrl: undefined });
  closing.push(close);
  await sql`select 1`.execute(db);
  if (config.databaseUrl) return;
  await expect(backUp(config, join(folder, 'open.backup'))).rejects.toThrow('in use by another process');
  expect(existsSync(join(folder, 'open.backup.unfinished'))).toBe(false);
});

itOnPostgres('takes over no database with tables, and no file of another kind', async () => {
  const test = await openTestDatabase();
  closing.push(test.close);
  const config = { ...test.config, redisUrl: inject('redis') };
  const running = await serve(test.db, config);
  closing.unshift(() => running.close());
  const { browser } = await member(running);
  const keys = async () => (await running.redis?.keys(`${prefix}*`))?.sort();
  const before = await keys();
  const file = join(folder, 'full.backup');
  await backUp(config, file);
  await expect(restore(config, file, prefix)).rejects.toThrow('has tables already');
  const other = join(folder, 'other.backup');
  writeFileSync(other, 'something else');
  await expect(restore(config, other, prefix)).rejects.toThrow('not a dump of a Postgres server');
  const embedded = { ...config, databaseUrl: undefined, dataDir: join(folder, 'none') };
  await expect(restore(embedded, file, prefix)).rejects.toThrow('is of a Postgres server');
  await expect(restore(config, join(folder, 'nowhere'), prefix)).rejects.toThrow('no such file');
  // What the running site has in Redis stays.
  expect(await keys()).toEqual(before);
  await browser.get('/profile').expect(200);
});

itOnPostgres('records each backup', async () => {
  const { config, db, close } = await openTestDatabase();
  closing.push(close);
  const bytes = await backUp(config, join(folder, 'recorded.backup'));
  expect(await db.selectFrom('backups').select('bytes').execute()).toEqual([{ bytes }]);
});

it('says what to install when pg_dump of the server’s version is missing', async () => {
  await expect(findTool('pg_dump', 9)).rejects.toThrow(
    'Install the client of Postgres 9: postgresql-client-9',
  );
});
