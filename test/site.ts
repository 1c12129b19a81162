import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { globalAgent, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type CheerioAPI, load } from 'cheerio';
import type { Express } from 'express';
import { type RawBuilder, sql } from 'kysely';
import type { Logger } from 'pino';
import supertest from 'supertest';
import { afterAll, beforeAll, inject, it, vi } from 'vitest';
import { createApp } from '../src/app.js';
import { Passwords } from '../src/auth/passwords/passwords.js';
import { PendingRevocations } from '../src/auth/sessions/pending-revocations.js';
import { importThings } from '../src/catalog/import-things.js';
import { type Config, readConfig } from '../src/config.js';
import { type Database, openDatabase, openDatabaseForPages } from '../src/database.js';
import { createHttpServer } from '../src/http/http-server.js';
import { createLog } from '../src/log.js';
import { Boards } from '../src/ranking/boards/board-loader.js';
import { catchUp } from '../src/ranking/ranker/catch-up.js';
import { Ranker } from '../src/ranking/ranker/ranker.js';
import { importVotes } from '../src/ranking/transfer/import-votes.js';
import { deleteKeys, findKeys, openRedis, type Redis } from '../src/redis.js';
import { SiteSettings } from '../src/site/site-settings.js';
import { onServer } from './stores.js';

/** The whole site, on a port and a database of its own. */
export interface Site {
  origin: string;
  server: Server;
  app: Express;
  db: Database;
  /** The same database for what needs a session of its own: the ranker and imports. */
  directDb: Database;
  redis: Redis | undefined;
  /** Begins every key of this site in Redis. */
  prefix: string;
  boards: Boards;
  settings: SiteSettings;
  config: Config;
  /** Folds all votes into the ratings. */
  fold(): Promise<void>;
  /** Folds all votes into the ratings and refreshes the boards, as the running site does by itself. */
  rank(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a site before a file's tests and closes it after them. */
export function useSite(settings: Partial<Config> = {}): Site {
  const site = {} as Site;
  beforeAll(async () => {
    Object.assign(site, await openSite(settings));
  });
  afterAll(() => site.close());
  return site;
}

/**
 * Starts a site: the shipped app on the stores of this test run.
 * @param options `redisUrl` replaces the Redis of the test run; `storesOf` is another site, whose stores this
 * one shares like another process of it
 */
export async function openSite(
  settings: Partial<Config> = {},
  {
    redisUrl = inject('redis'),
    storesOf,
    log = createLog(process.env.TEST_LOG ?? 'silent'),
  }: { redisUrl?: string | undefined; storesOf?: Site; log?: Logger } = {},
): Promise<Site> {
  const stores = storesOf
    ? { db: storesOf.db, config: { ...storesOf.config, ...settings }, close: async () => undefined }
    : await openTestDatabase(settings);
  const { config } = stores;
  const db = storesOf ? storesOf.db : openDatabaseForPages(stores.db, config);
  const directDb = storesOf ? (storesOf.directDb ?? storesOf.db) : stores.db;
  const redis = redisUrl ? await openRedis(redisUrl, log) : undefined;
  const prefix = storesOf?.prefix ?? `thinga-test-${randomBytes(6).toString('hex')}:`;
  const passwords = new Passwords(config.passwordCost, config.passwordMinLength);
  const pendingRevocations = new PendingRevocations(redis, `${prefix}pending-revocations`);
  const boards = new Boards(db);
  await boards.refresh();
  const settingsOfSite = new SiteSettings(db, config);
  await settingsOfSite.refresh();
  const app = createApp({
    config,
    db,
    redis,
    boards,
    settings: settingsOfSite,
    passwords,
    pendingRevocations,
    log,
    prefix,
  });
  // Templates don't change while tests run, so each is compiled once, as in production.
  app.enable('view cache');
  const server = createHttpServer(app);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const ranker = new Ranker(directDb);
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    app,
    db,
    directDb,
    redis,
    prefix,
    boards,
    settings: settingsOfSite,
    config,
    fold: () => foldAll(directDb, ranker),
    async rank() {
      await foldAll(directDb, ranker);
      await boards.refresh();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await passwords.close();
      if (redis) await deleteKeys(redis, prefix);
      redis?.disconnect();
      if (!storesOf) await db.destroy();
      await stores.close();
    },
  };
}

/** Finds the keys of a site in Redis. @param start how they begin after the site's prefix */
export async function keysOf({ redis, prefix }: Site, start = ''): Promise<string[]> {
  return redis ? findKeys(redis, prefix + start) : [];
}

/** Deletes keys of a site in Redis, as if Redis had lost them. */
export async function loseKeys({ redis, prefix }: Site, start = ''): Promise<void> {
  if (redis) await deleteKeys(redis, prefix + start);
}

/** Folds with several rankers at once until the ratings have every committed vote. */
export async function foldAll(db: Database, ...rankers: Ranker[]): Promise<void> {
  await endOfOpenTransactions(db);
  const caughtUp = await Promise.all(rankers.map((ranker) => catchUp(db, ranker, 45_000)));
  if (caughtUp.includes(false)) throw new Error('the ranking did not catch up with the ledger');
}

/**
 * Waits for the transactions that are open now on the Postgres server, also those of other tests. The ranker reads only
 * votes that are older than these, so it would fold the votes of a test in two parts, and fit only the first.
 */
async function endOfOpenTransactions(db: Database): Promise<void> {
  const { rows } = await sql<{ next: string }>`
    select pg_snapshot_xmax(pg_current_snapshot())::text as next`.execute(db);
  await vi.waitUntil(() => areOlderEnded(db, rows[0]?.next ?? '0'), { timeout: 45_000, interval: 5 });
}

async function areOlderEnded(db: Database, xid: string): Promise<boolean> {
  const { rows } = await sql<{ ended: boolean }>`
    select pg_snapshot_xmin(pg_current_snapshot()) >= ${xid}::xid8 as ended`.execute(db);
  return rows[0]?.ended ?? false;
}

/** Returns a voter's votes, oldest first. */
export async function votesOf(site: Site, voterId: number) {
  return site.db.selectFrom('votes').where('voterId', '=', voterId).selectAll().orderBy('id').execute();
}

/** Folds all votes, and returns a voter's votes, oldest first, with the weight of each. */
export async function ledgerOf(site: Site, voterId: number) {
  await site.fold();
  return site.db
    .selectFrom('votes')
    .leftJoin('voteWeights', 'voteId', 'votes.id')
    .where('voterId', '=', voterId)
    .selectAll('votes')
    .select(({ fn, val }) => [fn.coalesce('weight', val(1)).as('weight'), 'reason'])
    .orderBy('votes.id')
    .execute();
}

/** Returns the Postgres process whose connection holds the ranker's lock on a database, or undefined. */
export async function lockHolder(db: Database): Promise<number | undefined> {
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_locks where locktype = 'advisory' and granted
      and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return rows[0]?.pid;
}

/** Creates a migrated database for one test file, on the Postgres server or embedded. `close` removes it. */
export async function openTestDatabase(settings: Partial<Config> = {}): Promise<{
  db: Database;
  config: Config;
  close(): Promise<void>;
}> {
  const dataDir = mkdtempSync(join(tmpdir(), 'thinga-test-'));
  const config: Config = {
    ...readConfig({ DATA_DIR: dataDir }),
    passwordCost: 4,
    rateLimits: false,
    // Tests and the site share a process, which is always busy.
    maxOpenRequests: Infinity,
    ...settings,
  };
  const postgres = inject('postgres');
  const embedded = inject('embedded');
  if (embedded) cpSync(embedded, dataDir, { recursive: true });
  const name = `thinga_test_${randomBytes(6).toString('hex')}`;
  if (postgres) {
    await onServer(postgres.server, `create database ${name} template ${postgres.template}`);
    const { server, pooler } = postgres;
    const urlAt = (address: string): string => Object.assign(new URL(address), { pathname: `/${name}` }).href;
    config.databaseUrl = urlAt(settings.databaseUrl ?? pooler?.url ?? server);
    if (pooler && !settings.databaseUrl) config.databasePooler = pooler.mode;
    if (config.databasePooler === 'transaction') config.databaseDirectUrl = urlAt(server);
  }
  const db = await openDatabase(config, () => undefined);
  return {
    db,
    config,
    async close() {
      await db.destroy();
      if (postgres) await onServer(postgres.server, `drop database ${name} with (force)`);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The settings that lead another process to the database of a site. */
export const databaseEnv = ({ databaseUrl, databasePooler, databaseDirectUrl }: Config) => ({
  ...(databaseUrl && { DATABASE_URL: databaseUrl, DATABASE_POOLER: databasePooler }),
  ...(databaseDirectUrl && { DATABASE_DIRECT_URL: databaseDirectUrl }),
});

/**
 * A test that needs two connections at once. It is skipped on the embedded database, which has one.
 * @param timeout in milliseconds, for a test that takes longer than the others
 */
export function itOnPostgres(name: string, test: () => Promise<void>, timeout?: number): void {
  it(
    name,
    async (context) => {
      if (!inject('postgres')) context.skip('the embedded database has one connection');
      await test();
    },
    timeout,
  );
}

/** A test that looks into Redis. It is skipped without Redis. */
export function itOnRedis(name: string, test: () => Promise<void>): void {
  it(name, async (context) => {
    if (!inject('redis')) context.skip('session state is in the process');
    await test();
  });
}

/** A test of what happens on real servers. It is skipped without Postgres or Redis. */
export function itOnBothStores(name: string, test: () => Promise<void>): void {
  it(name, async (context) => {
    if (!inject('postgres') || !inject('redis')) context.skip('needs a Postgres server and Redis');
    await test();
  });
}

/** A browser without a session. It keeps cookies and sends Sec-Fetch-Site as browsers do. */
export type Browser = ReturnType<typeof supertest.agent>;

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
export const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

/** Opens a browser on a site. On a site that trusts one proxy, each browser has its own address. */
export function visit(site: Site, { userAgent = FIREFOX } = {}): Browser {
  const address = `10.9.${Math.floor(browsers / 250) % 250}.${browsers++ % 250}`;
  return supertest
    .agent(site.origin)
    .use((request: supertest.Test) => request.agent(globalAgent))
    .set('Sec-Fetch-Site', 'same-origin')
    .set('User-Agent', userAgent)
    .set('X-Forwarded-For', address);
}

let browsers = 0;

/** The headers that htmx adds to a request for a fragment. */
export const HTMX = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' };

let members = 0;

/** Registers a member through the form, and logs them in. */
export async function member(
  site: Site,
  { username = `person${++members}`, password = 'a long enough phrase', userAgent = FIREFOX } = {},
): Promise<{ browser: Browser; username: string; password: string; id: number }> {
  const browser = visit(site, { userAgent });
  await browser.post('/register').type('form').send({ username, password }).expect(303);
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', username)
    .select('id')
    .executeTakeFirstOrThrow();
  return { browser, username, password, id };
}

/** Creates a topic with things, by the import that operators use. */
export async function topic(
  site: Site,
  { slug = 'foods', names = ['Ramen', 'Sushi', 'Pizza', 'Salad'] }: { slug?: string; names?: string[] } = {},
): Promise<{ slug: string; names: string[] }> {
  await importThings(site.directDb, Readable.from([`name\n${names.join('\n')}\n`]), { slug });
  await site.boards.refresh();
  return { slug, names };
}

/** Imports votes of several new voters, who all prefer the first thing to the second, and ranks. */
export async function importVotesOf(
  site: Site,
  voters: number,
  { slug, names: [winner = '', loser = ''] }: { slug: string; names: string[] },
): Promise<void> {
  const rows = Array.from({ length: voters }, () => `${winner},${loser},${randomBytes(6).toString('hex')}`);
  await importVotes(site.directDb, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug });
  await site.rank();
}

/** Ranks all things in the order of their ids, as twenty votes on each of them would. */
export async function rateInOrder(site: Site): Promise<void> {
  await sql`
    insert into ratings (thing_id, topic_id, mean, variance, wins, losses, ties)
    select id, topic_id, -id, 1, 10, 10, 0 from things on conflict do nothing`.execute(site.db);
  await sql`update boards set changes = changes + 1`.execute(site.db);
  await site.rank();
}

/** Returns names for a number of things. */
export const thingNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `Thing ${index + 1}`);

/** Parses a page. */
export function read(html: string): CheerioAPI {
  return load(html);
}

/** Returns the pair on a vote page: its ballot and the two names. */
export function pairOn(html: string): { ballot: string; left: string; right: string } {
  const $ = read(html);
  const name = (side: string): string => $(`#choose-${side} .name`).text();
  return {
    ballot: String($('#pair .duel').closest('form').find('[name=ballot]').val() ?? ''),
    left: name('left'),
    right: name('right'),
  };
}

/** Opens the vote page and answers its pair. */
export async function vote(
  browser: Browser,
  choice:
    | 'left'
    | 'right'
    | 'tie'
    | 'skip'
    | ((pair: { left: string; right: string }) => 'left' | 'right') = 'left',
  path = '/vote',
): Promise<{ ballot: string; left: string; right: string; choice: string }> {
  const pair = pairOn((await browser.get(path).expect(200)).text);
  const chosen = typeof choice === 'function' ? choice(pair) : choice;
  await browser.post(path).type('form').send({ ballot: pair.ballot, choice: chosen }).expect(303);
  return { ...pair, choice: chosen };
}

/** Opens the vote page and answers several pairs. Each answer brings the next pair, as with htmx. */
export async function voteTimes(
  browser: Browser,
  times: number,
  { choice = 'left', path = '/vote' }: { choice?: 'left' | 'tie' | 'skip'; path?: string } = {},
): Promise<void> {
  let { ballot } = pairOn((await browser.get(path).expect(200)).text);
  for (let votes = 0; votes < times; votes++) {
    const form = { ballot, choice };
    const answer = await browser.post(path).set(HTMX).type('form').send(form).expect(200);
    ({ ballot } = pairOn(answer.text));
  }
}

/**
 * Starts requests while rows are locked. Each starts when those before it wait for a lock or are answered.
 * Then the lock is released, and the requests go on in that order, each with what it had read and checked
 * before.
 */
export async function whileLocked<Answer>(
  { db }: Site,
  rows: RawBuilder<unknown>,
  requests: (() => Promise<Answer>)[],
): Promise<Answer[]> {
  const started = await db.transaction().execute(async (trx) => {
    await rows.execute(trx);
    const answers: Promise<Answer>[] = [];
    for (const send of requests) {
      let isAnswered = false;
      const answer = send().finally(() => {
        isAnswered = true;
      });
      answers.push(answer);
      while (!isAnswered && (await countLockWaits(db)) < answers.length)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { answers };
  });
  return Promise.all(started.answers);
}

async function countLockWaits(db: Database): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
  return rows[0]?.count ?? 0;
}
