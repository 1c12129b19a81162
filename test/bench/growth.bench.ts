import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, expect, inject, it } from 'vitest';
import type { Config } from '../../src/config.js';
import type { Database } from '../../src/database.js';
import type { Position } from '../../src/ranking/ranker/ledger.js';
import { readPosition } from '../../src/ranking/ranker/position.js';
import { readMovedTopics } from '../../src/ranking/ranker/standings.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { FIREFOX, HTMX, openDatabaseOfItsOwn, pairOn } from '../site.js';
import { castVotes, fill, idAt, type Size, tidy } from './growth-data.js';
import { type Column, type Figure, nameOf, tableOf } from './growth-table.js';
import { runCommand } from './run-command.js';

/** THINGSxVOTES, the first of which the others are held against. */
const SIZES = process.env.GROWTH_SIZES ?? '200x0 200x1000000 100000x1000000 100000x10000000';
const HOUR = 3_600_000;
const [RATE, SECONDS, BACKLOG] = [3_000, 10, 100_000];
const IDLE_MS = 60_000;
const [ROUNDS, LOOKS] = [5, 20];
/** How long the looks of one kind may take in a round: slow pages are looked at less often. */
const LOOKS_MS = 2_000;
const MOVES = 5;

/** A site of some size: its database, and what was measured. */
interface Grown extends Column {
  own: Awaited<ReturnType<typeof openDatabaseOfItsOwn>>;
}

const grown: Grown[] = [];
afterAll(async () => {
  killProcesses();
  for (const { own } of grown) await own.close();
  console.info(tableOf(grown));
});

it.for(SIZES.split(' ').map((size) => [size, readSize(size)] as const))(
  'ranks the votes of %s',
  { timeout: HOUR },
  async ([_name, size], context) => {
    if (!inject('postgres')) context.skip('needs a Postgres server');
    const site: Grown = { size, figures: {}, own: await openDatabaseOfItsOwn() };
    grown.push(site);
    const began = performance.now();
    await fill(site.own.db, size);
    console.info(`${nameOf(size)}: filled in ${Math.round((performance.now() - began) / 1_000)} s`);
    if (size.votes === 0) return;
    await weighLedger(site);
    await rebuild(site);
    await publish(site);
    await check(site);
    await follow(site);
    console.info(tableOf([site]));
  },
);

it('shows pages at each size', { timeout: HOUR }, async (context) => {
  if (!inject('postgres') || !inject('redis')) context.skip('needs a Postgres server and Redis');
  const served: Served[] = [];
  for (const site of grown) served.push(await serve(site));
  await sleep(IDLE_MS);
  for (const site of served) site.figures.memory = await megabytesOf(site.process);
  for (const site of served) await register(site);
  for (const site of served) site.figures.firstPair = await time(site, '/vote');
  // In turn, so that what else the machine does falls on all sizes.
  const times = served.map(() => new Map<Figure, number[]>());
  for (let round = 0; round < ROUNDS; round++)
    for (const [place, site] of served.entries())
      for (const [figure, look] of looksAt(site, round)) {
        const all = times[place]?.get(figure) ?? [];
        const until = performance.now() + LOOKS_MS;
        for (let turn = 0; turn < LOOKS && performance.now() < until; turn++) all.push(await look(turn));
        times[place]?.set(figure, all);
      }
  for (const [place, site] of served.entries()) {
    for (const [figure, all] of times[place] ?? []) site.figures[figure] = medianOf(all);
    site.figures.pairMeanwhile = await slowestWhileBoardMoves(site);
    site.figures.memoryUsed = await megabytesOf(site.process);
  }
});

function readSize(text: string): Size {
  const [things = 0, votes = 0] = text.split('x').map(Number);
  return { things, votes };
}

async function weighLedger({ own: { db }, figures }: Grown): Promise<void> {
  figures.rows = await megabytesOn(db, sql`pg_table_size('votes')`);
  figures.indexes = (await megabytesOn(db, sql`pg_indexes_size('votes')`)) / figures.rows;
}

async function megabytesOn(db: Database, size: RawBuilder<unknown>): Promise<number> {
  const { rows } = await sql<{ bytes: number }>`select ${size} as bytes`.execute(db);
  return (rows[0]?.bytes ?? 0) / 1e6;
}

async function rebuild({ own: { db, config }, figures }: Grown): Promise<void> {
  const { votes } = await db
    .selectFrom('votes')
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .select(({ fn }) => fn.countAll<number>().as('votes'))
    .executeTakeFirstOrThrow();
  const rebuilt = await runCommand(['rank', '--rebuild'], storesOf(config));
  expect(rebuilt.said).toContain(`rebuilt from ${votes.toLocaleString('en')} votes`);
  figures.rebuild = rebuilt.seconds;
  figures.rebuildMemory = rebuilt.megabytes;
}

/** Lets a ranker count all pairs, and work out and publish where everything stands, for the first time. */
async function publish({ own: { db, config }, figures }: Grown): Promise<void> {
  const ranker = await startRanker(config);
  const began = performance.now();
  await published(db);
  figures.published = (performance.now() - began) / 1_000;
  await end(ranker);
  await tidy(db);
  figures.pairs = await megabytesOn(db, sql`pg_total_relation_size('pair_counts')`);
}

async function check({ own: { config }, figures }: Grown): Promise<void> {
  figures.check = (await runCommand(['rank', '--check'], storesOf(config))).seconds;
}

/** Lets a ranker run while votes come in, a few and many at a time. */
async function follow({ size, own: { db, config }, figures }: Grown): Promise<void> {
  const cast = (count: number) => castVotes(db, { count, of: size });
  // However many wait for it, they look together.
  let look: Promise<Position> | undefined;
  const reached = (): Promise<Position> => {
    look ??= sleep(20)
      .then(() => readPosition(db))
      .finally(() => {
        look = undefined;
      });
    return look;
  };
  const secondsUntil = async (position: Position): Promise<number> => {
    const began = performance.now();
    while (!isPast(await reached(), position));
    return (performance.now() - began) / 1_000;
  };
  const ranker = await startRanker(config);
  // What it does once an hour, it does at first; after that it waits for votes.
  for (let turn = 0; turn < 3; turn++) await secondsUntil(await cast(RATE / 10));

  const lags: number[] = [];
  await steadily(async () => {
    const position = await cast(RATE / 10);
    lags.push(await secondsUntil(position));
  });
  figures.lag = medianOf(lags);
  figures.worstLag = Math.max(...lags);

  ranker.child.kill('SIGSTOP');
  await steadily(() => cast(RATE / 10));
  const last = await cast(RATE / 10);
  ranker.child.kill('SIGCONT');
  figures.catchUp = await secondsUntil(last);

  // Takes one vote back, and so has all of them fitted.
  await sql`
    update votes set withdrawn_at = now()
    where id = (select max(id) from votes where withdrawn_at is null)`.execute(db);
  await sleep(1_000);
  figures.lagInFit = await secondsUntil(await cast(RATE / 10));
  await published(db);

  const backlog = await cast(BACKLOG);
  figures.folded = backlog.cast / (await secondsUntil(backlog));
  await end(ranker);
  // A new one publishes the backlog as soon as it has folded a vote.
  const next = await startRanker(config);
  await secondsUntil(await cast(RATE / 10));
  await sleep(500);
  figures.lagInPublication = await secondsUntil(await cast(RATE / 10));
  await end(next);
}

/** Waits until the pages show all that was folded. */
async function published(db: Database): Promise<void> {
  while ((await readMovedTopics(db)).length > 0) await sleep(20);
}

async function startRanker(config: Config): Promise<SiteProcess> {
  const ranker = startProcess({ ...storesOf(config), LOG_LEVEL: 'info' }, { program: 'ranker' });
  await ranker.until('the ranker has started');
  return ranker;
}

async function end({ child }: SiteProcess): Promise<void> {
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
}

const storesOf = ({ databaseUrl = '', dataDir }: Config) => ({
  DATABASE_URL: databaseUrl,
  DATA_DIR: dataDir,
});

/** Begins some work ten times a second, whether what was begun before is done or not. */
async function steadily(work: () => Promise<unknown>): Promise<void> {
  const all: Promise<unknown>[] = [];
  const began = performance.now();
  for (let turn = 0; turn < 10 * SECONDS; turn++) {
    await sleep(Math.max(began + turn * 100 - performance.now(), 0));
    all.push(work());
  }
  await Promise.all(all);
}

function isPast(reached: Position, { xid, id }: Position): boolean {
  const [one, other] = [BigInt(reached.xid), BigInt(xid)];
  return one > other || (one === other && reached.id >= id);
}

/** A site that a process serves, and somebody who is signed in there. */
interface Served extends Grown {
  process: SiteProcess;
  origin: string;
  cookie: string;
  /** Of the pair that they are shown. */
  ballot: string;
}

async function serve(site: Grown): Promise<Served> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const began = performance.now();
  const process = startProcess({
    ...storesOf(site.own.config),
    NODE_ENV: 'production',
    REDIS_URL: inject('redis') ?? '',
    PORT: String(port),
    PUBLIC_ORIGIN: origin,
    SESSION_SECRET: site.own.config.secrets[0],
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
  site.figures.start = (performance.now() - began) / 1_000;
  return served;
}

async function register(site: Served): Promise<void> {
  const body = new URLSearchParams({ username: 'bench', password: 'a long enough phrase' });
  const answer = await send(site, '/register', body);
  expect(answer.status).toBe(303);
  const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
  site.cookie = cookie?.split(';')[0] ?? '';
}

/** What is looked at a number of times, in milliseconds. */
type Look = [Figure, (turn: number) => Promise<number>];

/** What is looked at in one round. */
function looksAt(site: Served, round: number): Look[] {
  const { things } = site.size;
  // Each page of a thing once, because it is kept while its board stands: half of them of the strongest.
  const each = Math.min(LOOKS * ROUNDS, things / 2);
  const numberOf = (turn: number): number => (round * LOOKS + turn) % each;
  const strongest = (turn: number): number => idAt(numberOf(turn), things);
  const any = (turn: number): number =>
    idAt(each + Math.floor((numberOf(turn) * (things - each)) / each), things);
  // Without votes there is nothing to download.
  const download: Look = ['download', () => timeOfFirstByte(site, '/topics/foods/data.json')];
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

/** Looks at pairs while the process loads the board again and again. @returns a move's slowest look, the median */
async function slowestWhileBoardMoves(site: Served): Promise<number> {
  const slowest: number[] = [];
  for (let move = 0; move < MOVES; move++) {
    await sql`update boards set version = version + 1`.execute(site.own.db);
    const looks: number[] = [];
    const until = performance.now() + LOOKS_MS;
    while (performance.now() < until) looks.push(await time(site, '/vote'));
    slowest.push(Math.max(...looks));
  }
  return medianOf(slowest);
}

async function vote(site: Served): Promise<number> {
  const ballot = site.ballot || pairOn(await (await send(site, '/vote')).text()).ballot;
  const began = performance.now();
  const answer = await send(site, '/vote', new URLSearchParams({ ballot, choice: 'left' }));
  const page = await answer.text();
  const took = performance.now() - began;
  expect.soft([answer.status, page]).toEqual([200, expect.stringContaining('Undo')]);
  site.ballot = pairOn(page).ballot;
  return took;
}

/** Milliseconds until a page is there. */
async function time(site: Served, path: string): Promise<number> {
  const began = performance.now();
  const answer = await send(site, path);
  await answer.text();
  const took = performance.now() - began;
  expect.soft([path, answer.status]).toEqual([path, 200]);
  return took;
}

async function timeOfFirstByte(site: Served, path: string): Promise<number> {
  const began = performance.now();
  const answer = await send(site, path);
  const took = performance.now() - began;
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
