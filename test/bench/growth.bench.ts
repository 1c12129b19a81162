import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, expect, inject, it } from 'vitest';
import type { Config } from '../../src/config.js';
import type { Database } from '../../src/database.js';
import type { Position } from '../../src/ranking/ranker/ledger-position.js';
import { readPosition } from '../../src/ranking/ranker/position.js';
import { readPendingTopics } from '../../src/ranking/ranker/standings.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { FIREFOX, HTMX, openTestDatabase, pairOn } from '../site.js';
import { castVotes, fill, idAt, type Size, vacuum } from './growth-data.js';
import { type Column, type Figure, nameOf, tableOf } from './growth-table.js';
import { runCommand } from './run-command.js';

/** THINGSxVOTES. The others are compared with the first one. */
const SIZES = process.env.GROWTH_SIZES ?? '200x0 200x1000000 100000x1000000 100000x10000000';
const HOUR = 3_600_000;
const [RATE, SECONDS, BACKLOG] = [3_000, 10, 100_000];
const IDLE_MS = 60_000;
const [ROUNDS, REQUESTS] = [5, 20];
/** The longest time for the requests of one kind in a round, so slow pages get fewer requests. */
const MAX_KIND_MS = 2_000;
const BOARD_CHANGES = 5;

/** A site of some size: its database and its measurements. */
interface SizedSite extends Column {
  testDb: Awaited<ReturnType<typeof openTestDatabase>>;
}

const sites: SizedSite[] = [];
afterAll(async () => {
  killProcesses();
  for (const { testDb } of sites) await testDb.close();
  console.info(tableOf(sites));
});

it.for(SIZES.split(' ').map((size) => [size, readSize(size)] as const))(
  'ranks the votes of %s',
  { timeout: HOUR },
  async ([_name, size], context) => {
    if (!inject('postgres')) context.skip('needs a Postgres server');
    const site: SizedSite = { size, figures: {}, testDb: await openTestDatabase() };
    sites.push(site);
    const startedAt = performance.now();
    await fill(site.testDb.db, size);
    console.info(`${nameOf(size)}: filled in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    if (size.votes === 0) return;
    await measureLedger(site);
    await rebuild(site);
    await publish(site);
    await check(site);
    await measureLag(site);
    console.info(tableOf([site]));
  },
);

it('shows pages at each size', { timeout: HOUR }, async (context) => {
  if (!inject('postgres') || !inject('redis')) context.skip('needs a Postgres server and Redis');
  const served: Served[] = [];
  for (const site of sites) served.push(await serve(site));
  await sleep(IDLE_MS);
  for (const site of served) site.figures.memory = await megabytesOf(site.process);
  for (const site of served) await register(site);
  for (const site of served) site.figures.firstPair = await time(site, '/vote');
  // In turns, so that other work on the machine affects all sizes.
  const times = served.map(() => new Map<Figure, number[]>());
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, site] of served.entries())
      for (const [figure, measure] of measurementsOf(site, round)) {
        const all = times[index]?.get(figure) ?? [];
        const until = performance.now() + MAX_KIND_MS;
        for (let turn = 0; turn < REQUESTS && performance.now() < until; turn++)
          all.push(await measure(turn));
        times[index]?.set(figure, all);
      }
  for (const [index, site] of served.entries()) {
    for (const [figure, all] of times[index] ?? []) site.figures[figure] = medianOf(all);
    site.figures.pairMeanwhile = await slowestWhileBoardChanges(site);
    site.figures.memoryUsed = await megabytesOf(site.process);
  }
});

function readSize(text: string): Size {
  const [things = 0, votes = 0] = text.split('x').map(Number);
  return { things, votes };
}

async function measureLedger({ testDb: { db }, figures }: SizedSite): Promise<void> {
  figures.rows = await megabytesOn(db, sql`pg_table_size('votes')`);
  figures.indexes = (await megabytesOn(db, sql`pg_indexes_size('votes')`)) / figures.rows;
}

async function megabytesOn(db: Database, size: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select ${size} as bytes`.execute(db);
  return (rows[0]?.bytes ?? 0) / 1e6;
}

async function rebuild({ testDb: { db, config }, figures }: SizedSite): Promise<void> {
  const { votes } = await db
    .selectFrom('votes')
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select(({ fn }) => fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  const rebuilt = await runCommand(['rank', '--rebuild'], storesOf(config));
  expect(rebuilt.output).toContain(`rebuilt from ${votes.toLocaleString('en')} votes`);
  figures.rebuild = rebuilt.seconds;
  figures.rebuildMemory = rebuilt.megabytes;
}

/** Has a ranker count all pairs and publish all standings for the first time. */
async function publish({ testDb: { db, config }, figures }: SizedSite): Promise<void> {
  const ranker = await startRanker(config);
  const startedAt = performance.now();
  await untilPublished(db);
  figures.published = (performance.now() - startedAt) / 1_000;
  await kill(ranker);
  await vacuum(db);
  figures.pairs = await megabytesOn(db, sql`pg_total_relation_size('pair_counts')`);
}

async function check({ testDb: { config }, figures }: SizedSite): Promise<void> {
  figures.check = (await runCommand(['rank', '--check'], storesOf(config))).seconds;
}

/** Measures how fast a ranker follows new votes, a few and many at a time. */
async function measureLag({ size, testDb: { db, config }, figures }: SizedSite): Promise<void> {
  const cast = (count: number) => castVotes(db, { count, of: size });
  // All waiting callers share one read of the position.
  let reading: Promise<Position> | undefined;
  const reached = (): Promise<Position> => {
    reading ??= sleep(20)
      .then(() => readPosition(db))
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  const secondsUntil = async (position: Position): Promise<number> => {
    const startedAt = performance.now();
    while (!isPast(await reached(), position));
    return (performance.now() - startedAt) / 1_000;
  };
  const ranker = await startRanker(config);
  // A new ranker first does its hourly work.
  for (let turn = 0; turn < 3; turn++) await secondsUntil(await cast(RATE / 10));

  const lags: number[] = [];
  await tenTimesASecond(async () => {
    const position = await cast(RATE / 10);
    lags.push(await secondsUntil(position));
  });
  figures.lag = medianOf(lags);
  figures.worstLag = Math.max(...lags);

  ranker.child.kill('SIGSTOP');
  await tenTimesASecond(() => cast(RATE / 10));
  const last = await cast(RATE / 10);
  ranker.child.kill('SIGCONT');
  figures.catchUp = await secondsUntil(last);

  // A withdrawn vote makes the ranker fit all votes.
  await sql`
    update votes set withdrawn_at = now()
    where id = (select max(id) from votes where withdrawn_at is null)`.execute(db);
  await sleep(1_000);
  figures.lagInFit = await secondsUntil(await cast(RATE / 10));
  await untilPublished(db);

  const backlog = await cast(BACKLOG);
  figures.folded = backlog.cast / (await secondsUntil(backlog));
  await kill(ranker);
  // A new ranker publishes the backlog after its first vote.
  const nextRanker = await startRanker(config);
  await secondsUntil(await cast(RATE / 10));
  await sleep(500);
  figures.lagInPublication = await secondsUntil(await cast(RATE / 10));
  await kill(nextRanker);
}

/** Waits until all folded votes are published. */
async function untilPublished(db: Database): Promise<void> {
  while ((await readPendingTopics(db)).length > 0) await sleep(20);
}

async function startRanker(config: Config): Promise<SiteProcess> {
  const ranker = startProcess({ ...storesOf(config), LOG_LEVEL: 'info' }, { program: 'ranker' });
  await ranker.until('the ranker has started');
  return ranker;
}

async function kill({ child }: SiteProcess): Promise<void> {
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const storesOf = ({ databaseUrl = '', dataDir }: Config) => ({
  DATABASE_URL: databaseUrl,
  DATA_DIR: dataDir,
});

/** Starts some work ten times a second, without waiting for the earlier runs. */
async function tenTimesASecond(work: () => Promise<unknown>): Promise<void> {
  const all: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let turn = 0; turn < 10 * SECONDS; turn++) {
    await sleep(Math.max(startedAt + turn * 100 - performance.now(), 0));
    all.push(work());
  }
  await Promise.all(all);
}

function isPast(reached: Position, { xid, id }: Position): boolean {
  const [one, other] = [BigInt(reached.xid), BigInt(xid)];
  return one > other || (one === other && reached.id >= id);
}

/** A site that a process serves, and the session of a member. */
interface Served extends SizedSite {
  process: SiteProcess;
  origin: string;
  cookie: string;
  /** The ballot of the member's next pair. */
  ballot: string;
}

async function serve(site: SizedSite): Promise<Served> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const startedAt = performance.now();
  const process = startProcess({
    ...storesOf(site.testDb.config),
    NODE_ENV: 'production',
    REDIS_URL: inject('redis') ?? '',
    PORT: String(port),
    PUBLIC_ORIGIN: origin,
    SESSION_SECRET: site.testDb.config.secrets[0],
    RANKER: 'none',
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
  });
  const served = { ...site, process, origin, cookie: '', ballot: '' };
  const answers = (): Promise<boolean> =>
    time(served, '/top').then(
      () => true,
      () => false,
    );
  while (!(await answers())) {
    if (process.child.exitCode !== null) throw new Error(process.said());
    await sleep(5);
  }
  site.figures.start = (performance.now() - startedAt) / 1_000;
  return served;
}

async function register(site: Served): Promise<void> {
  const body = new URLSearchParams({ username: 'bench', password: 'a long enough phrase' });
  const answer = await send(site, '/register', body);
  expect(answer.status).toBe(303);
  const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
  site.cookie = cookie?.split(';')[0] ?? '';
}

/** A request that is repeated and timed in milliseconds. */
type Measurement = [Figure, (turn: number) => Promise<number>];

/** Returns the requests of one round. */
function measurementsOf(site: Served, round: number): Measurement[] {
  const { things } = site.size;
  // Each page of a thing is requested once, because it is cached while its board is current. Half are of the
  // strongest.
  const each = Math.min(REQUESTS * ROUNDS, things / 2);
  const numberOf = (turn: number): number => (round * REQUESTS + turn) % each;
  const strongest = (turn: number): number => idAt(numberOf(turn), things);
  const any = (turn: number): number =>
    idAt(each + Math.floor((numberOf(turn) * (things - each)) / each), things);
  // Without votes there is nothing to download.
  const download: Measurement = ['download', () => timeOfFirstByte(site, '/topics/foods/data.json')];
  return [
    ['pair', () => time(site, '/vote')],
    ['vote', () => vote(site)],
    ['top', () => time(site, '/top')],
    ['leader', (turn) => time(site, `/things/${strongest(turn)}`)],
    ['thing', (turn) => time(site, `/things/${any(turn)}`)],
    ...(site.size.votes > 0 ? [download] : []),
    ['front', () => time({ ...site, cookie: '' }, '/')],
  ];
}

/**
 * Times pair pages while the process reloads the board.
 * @returns the median of the slowest page after each change
 */
async function slowestWhileBoardChanges(site: Served): Promise<number> {
  const slowest: number[] = [];
  for (let change = 0; change < BOARD_CHANGES; change++) {
    await sql`update boards set version = version + 1`.execute(site.testDb.db);
    const durations: number[] = [];
    const until = performance.now() + MAX_KIND_MS;
    while (performance.now() < until) durations.push(await time(site, '/vote'));
    slowest.push(Math.max(...durations));
  }
  return medianOf(slowest);
}

async function vote(site: Served): Promise<number> {
  const ballot = site.ballot || pairOn(await (await send(site, '/vote')).text()).ballot;
  const startedAt = performance.now();
  const answer = await send(site, '/vote', new URLSearchParams({ ballot, choice: 'left' }));
  const page = await answer.text();
  const took = performance.now() - startedAt;
  expect.soft([answer.status, page]).toEqual([200, expect.stringContaining('Undo')]);
  site.ballot = pairOn(page).ballot;
  return took;
}

/** Requests a page. @returns milliseconds until the whole page is there */
async function time(site: Served, path: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await send(site, path);
  await answer.text();
  const took = performance.now() - startedAt;
  expect.soft([path, answer.status]).toEqual([path, 200]);
  return took;
}

async function timeOfFirstByte(site: Served, path: string): Promise<number> {
  const startedAt = performance.now();
  const answer = await send(site, path);
  const took = performance.now() - startedAt;
  await answer.body?.cancel();
  expect.soft([path, answer.status]).toEqual([path, 200]);
  return took;
}

function send({ origin, cookie }: Served, path: string, body?: URLSearchParams): Promise<Response> {
  const browser = { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' };
  return fetch(origin + path, {
    method: body ? 'POST' : 'GET',
    redirect: 'manual',
    headers: { ...browser, ...(cookie && { Cookie: cookie }), ...(cookie && body && HTMX) },
    ...(body && { body }),
  });
}

async function megabytesOf({ child }: SiteProcess): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(child.pid)]);
  return Number(stdout) / 1_024;
}

const medianOf = (values: number[]): number =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
