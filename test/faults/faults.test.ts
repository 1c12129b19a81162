import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { readConfig, root } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { expectRightRatings } from '../ranking/expected.js';
import { Person } from './person.js';
import { childrenOf, kill, makePostgres, makeRedis, type OwnRedis, type OwnServer } from './stores.js';

const PEOPLE = 64;
/** How often each is killed. */
const ROUNDS = 3;
const AWAY_MS = 1_000;
const BACK_WITHIN_MS = 5_000;

let postgres: OwnServer;
let redis: OwnRedis;
let db: Database;
let env: Record<string, string>;
let app: SiteProcess;
let topics: { id: number; slug: string }[];
let people: Person[];
let isOver = false;

const folder = mkdtempSync(join(tmpdir(), 'thinga-faults-'));
// Postgres runs as another user, who has to get to its folder.
chmodSync(folder, 0o711);

beforeAll(async () => {
  postgres = await makePostgres(join(folder, 'postgres'));
  redis = await makeRedis(join(folder, 'redis'));
  await Promise.all([postgres.start(), redis.start()]);
  const origin = `http://127.0.0.1:${await freePort()}`;
  env = {
    NODE_ENV: 'production',
    PORT: new URL(origin).port,
    PUBLIC_ORIGIN: origin,
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    SESSION_SECRET: randomBytes(36).toString('base64'),
    RANKER: 'child',
    RATE_LIMITS: 'off',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'warn',
  };
  await command('seed');
  db = await openDatabase(readConfig(env), () => undefined);
  topics = await db.selectFrom('topics').select(['id', 'slug']).execute();
  supervise();
  await appIsUp();
  people = Array.from({ length: PEOPLE }, (_, number) => new Person(origin, `voter${number + 1}`));
  // Passwords take long on purpose: all at once, the last would wait too long.
  const left = [...people];
  const registerAll = async (): Promise<void> => {
    for (let person = left.pop(); person; person = left.pop()) await person.register();
  };
  await Promise.all([registerAll(), registerAll(), registerAll(), registerAll()]);
});
afterAll(async () => {
  await db?.destroy();
  endAll();
});
// Also when the run is interrupted.
process.on('exit', endAll);

it('holds when the app is killed', async () => {
  await whileAllVote(async () => {
    const ranker = await rankerOf(app);
    await killApp();
    await appIsUp();
    while (isAlive(ranker)) await sleep(20);
  });
});

it('holds when the ranker is killed, and nobody notices', async () => {
  await appLivesThrough(async () => {
    const ranker = await rankerOf(app);
    kill(ranker);
    while ((await rankerOf(app)) === ranker) await sleep(20);
  });
  expect(unanswered()).toEqual([]);
});

it('holds when Redis is killed and comes back empty, and nobody notices', async () => {
  await appLivesThrough(async () => {
    await redis.kill();
    await sleep(AWAY_MS);
    redis.empty();
    await redis.start();
  });
  expect(unanswered()).toEqual([]);
});

it('holds when Redis is killed and comes back as it was a while ago, and nobody notices', async () => {
  const [leaver, comer] = ['leaver', 'comer'].map((name) => new Person(env.PUBLIC_ORIGIN ?? '', name));
  await leaver?.register();
  await comer?.register();
  await appLivesThrough(async () => {
    await leaver?.logIn();
    await redis.save();
    await leaver?.logOut();
    await comer?.logIn();
    await redis.kill();
    await sleep(AWAY_MS);
    await redis.start();
    expect([await leaver?.isKnown(), await comer?.isKnown()]).toEqual([false, true]);
  });
  expect(unanswered()).toEqual([]);
});

it('holds when Postgres is killed', async () => {
  await appLivesThrough(async () => {
    await postgres.kill();
    await sleep(AWAY_MS);
    await postgres.start();
  });
});

it('holds when all of them are killed within a second', async () => {
  await whileAllVote(async () => {
    const ranker = await rankerOf(app);
    const kills = [killApp, async () => kill(ranker), () => redis.kill(), () => postgres.kill()];
    await Promise.all(
      kills.map(async (kill) => {
        await sleep(AWAY_MS * Math.random());
        await kill();
      }),
    );
    await Promise.all([postgres.start(), redis.start()]);
    await appIsUp();
  });
});

/**
 * Has everybody vote while something is killed a few times, and compares what is kept with what they were told.
 * @param killSomething kills, and has what was killed come back
 */
async function whileAllVote(killSomething: () => Promise<void>): Promise<void> {
  onTestFailed(() => console.error(app.said().split('\n').filter(isError).slice(-10)));
  const votesBefore = acknowledged().length;
  for (const { unanswered } of people) unanswered.length = 0;
  const over = new AbortController();
  const errors: unknown[] = [];
  const voting = people.map((person, index) =>
    person
      .vote(`/topics/${topics[index % topics.length]?.slug}/vote`, over.signal)
      .catch((error) => errors.push(error)),
  );
  let slowest = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(1_000 + 1_000 * Math.random());
      await killSomething();
      const answeredAfter = await allAreAnswered();
      expect(errors).toEqual([]);
      expect(answeredAfter).toBeLessThan(BACK_WITHIN_MS);
      slowest = Math.max(slowest, answeredAfter);
    }
  } finally {
    over.abort();
    await Promise.all(voting);
  }
  expect(errors).toEqual([]);
  const rankedAfter = await expectAllHeld();
  console.info(
    `${acknowledged().length - votesBefore} votes, ${unanswered().length} presses unanswered, ` +
      `all answered ${slowest} ms after the return, ranked ${rankedAfter} ms after the last vote`,
  );
}

/** The same for what the app has to live through, without being started again. */
async function appLivesThrough(killSomething: () => Promise<void>): Promise<void> {
  const { pid } = app.child;
  await whileAllVote(killSomething);
  expect(app.child.pid).toBe(pid);
}

/** Waits until everybody has had an answer since now. @returns how many milliseconds that took */
async function allAreAnswered(): Promise<number> {
  const back = Date.now();
  const waiting = () => people.filter(({ answeredAt }) => answeredAt <= back).length;
  while (waiting() > 0 && Date.now() - back < BACK_WITHIN_MS) await sleep(20);
  return Date.now() - back;
}

/** @returns how many milliseconds it took until the ranking had all votes */
async function expectAllHeld(): Promise<number> {
  const began = Date.now();
  await expectLedger();
  await rankingHasAll();
  const took = Date.now() - began;
  // At one moment, because the ranker goes on.
  for (const { id } of topics)
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((trx) => expectRightRatings(trx, id));
  await expectSessions();
  await command('admin', 'audit', 'verify');
  return took;
}

async function expectLedger(): Promise<void> {
  const { rows } = await sql<{ vote: string }>`
    select username || ' ' || ballot_id || ' ' || outcome ||
      case when withdrawn_at is null then '' else ', undone' end as vote
    from votes join users on users.id = voter_id`.execute(db);
  const [said, kept] = [acknowledged(), rows.map(({ vote }) => vote)];
  expect({ lost: without(said, kept), unasked: without(kept, said), count: kept.length }).toEqual({
    lost: [],
    unasked: [],
    count: said.length,
  });
  const twice = await sql`
    select voter_id from votes where withdrawn_at is null
    group by voter_id, least(left_id, right_id), greatest(left_id, right_id) having count(*) > 1`.execute(db);
  expect(twice.rows).toEqual([]);
}

function without(all: string[], known: string[]): string[] {
  const set = new Set(known);
  return all.filter((one) => !set.has(one));
}

/** Waits until the ranking has all votes, and the site shows it. */
async function rankingHasAll(): Promise<void> {
  while (await rankingWaits()) await sleep(50);
  const { rows } = await sql<{ slug: string; votes: number }>`
    select slug, count(*)::int as votes from votes join topics on topics.id = topic_id
    where withdrawn_at is null and outcome <> 'skip' group by slug`.execute(db);
  const cast = new Map(rows.map(({ slug, votes }) => [slug, votes]));
  for (const { slug } of topics) while ((await votesShown(slug)) !== cast.get(slug)) await sleep(50);
}

async function rankingWaits(): Promise<boolean> {
  const { rows } = await sql`
    select from votes, ranker_position as position
    where (votes.xid, votes.id) > (position.xid, position.id)
      or (withdrawn_xid, votes.id) > (position.xid, position.id)
    union all select from boards where stale_since is not null`.execute(db);
  return rows.length > 0;
}

async function votesShown(slug: string): Promise<number> {
  const answer = await fetch(`${env.PUBLIC_ORIGIN}/api/topics/${slug}/top`);
  return ((await answer.json()) as { votes: number }).votes;
}

async function expectSessions(): Promise<void> {
  const known = await Promise.all(people.map(async (person) => [person.name, await person.isKnown()]));
  expect(known).toEqual(people.map(({ name }) => [name, true]));
  const events = await db
    .selectFrom('sessionEvents')
    .innerJoin('users', 'users.id', 'userId')
    .where('username', 'like', 'voter%')
    .where('kind', 'not in', ['login', 'rebuilt'])
    .select(['username', 'kind'])
    .execute();
  expect(events).toEqual([]);
}

/** Starts the app again whenever it has ended, as an operator's supervisor does. */
async function supervise(): Promise<void> {
  while (!isOver) {
    app = startProcess(env);
    await once(app.child, 'exit');
    await sleep(200);
  }
}

/** Ends everything that was started, and removes what it kept. */
function endAll(): void {
  isOver = true;
  killProcesses();
  // Postgres's processes end when they find out that the first of them has.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const isError = (line: string): boolean => line.includes('"level":50');

async function appIsUp(): Promise<void> {
  while (app.child.signalCode || !app.said().includes('Thinga is at')) await sleep(20);
}

async function killApp(): Promise<void> {
  const { child } = app;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function rankerOf({ child }: SiteProcess): Promise<number> {
  for (;;) {
    const [ranker] = childrenOf(child);
    if (ranker) return ranker;
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function command(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['dist/src/cli.js', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
  });
}

/** Why somebody had to press once more since voting began. */
const unanswered = (): string[] => people.flatMap((person) => person.unanswered);

const acknowledged = (): string[] =>
  people.flatMap(({ name, acknowledged }) =>
    [...acknowledged].map(([id, choice]) => `${name} ${id} ${choice}`),
  );
