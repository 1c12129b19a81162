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
import { expectCorrectRatings } from '../ranking/ranker/expected-ratings.js';
import { childrenOf, createPostgres, createRedis, kill, type TestRedis, type TestServer } from './stores.js';
import { Voter } from './voter.js';

const VOTERS = 64;
/** How often each test kills. */
const ROUNDS = 3;
const DOWNTIME_MS = 1_000;
const MAX_RECOVERY_MS = 5_000;

let postgres: TestServer;
let redis: TestRedis;
let db: Database;
let env: Record<string, string>;
let app: SiteProcess;
let topics: { id: number; slug: string }[];
let voters: Voter[];
let isOver = false;

const folder = mkdtempSync(join(tmpdir(), 'thinga-faults-'));
// Postgres runs as another user, who needs access to its folder.
chmodSync(folder, 0o711);

beforeAll(async () => {
  postgres = await createPostgres(join(folder, 'postgres'));
  redis = await createRedis(join(folder, 'redis'));
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
  await runCommand('seed');
  db = await openDatabase(readConfig(env), () => undefined);
  topics = await db.selectFrom('topics').select(['id', 'slug']).execute();
  supervise();
  await untilAppIsUp();
  voters = Array.from({ length: VOTERS }, (_, number) => new Voter(origin, `voter${number + 1}`));
  // Four at a time: hashing a password takes long, and with all at once the last one would wait too long.
  const unregistered = [...voters];
  const registerAll = async (): Promise<void> => {
    for (let voter = unregistered.pop(); voter; voter = unregistered.pop()) await voter.register();
  };
  await Promise.all([registerAll(), registerAll(), registerAll(), registerAll()]);
});
afterAll(async () => {
  await db?.destroy();
  endAll();
});
// When the run is interrupted, afterAll does not run.
process.on('exit', endAll);

it('loses nothing when the app is killed', async () => {
  await expectNothingLost(async () => {
    const ranker = await rankerOf(app);
    await killApp();
    await untilAppIsUp();
    while (isAlive(ranker)) await sleep(20);
  });
});

it('loses nothing when the ranker is killed, and voters do not notice', async () => {
  await expectAppSurvives(async () => {
    const ranker = await rankerOf(app);
    kill(ranker);
    while ((await rankerOf(app)) === ranker) await sleep(20);
  });
  expect(retries()).toEqual([]);
});

it('loses nothing when Redis is killed and comes back empty, and voters do not notice', async () => {
  await expectAppSurvives(async () => {
    await redis.kill();
    await sleep(DOWNTIME_MS);
    redis.empty();
    await redis.start();
  });
  expect(retries()).toEqual([]);
});

it('loses nothing when Redis is killed and comes back with an older state, and voters do not notice', async () => {
  const [leaver, comer] = ['leaver', 'comer'].map((name) => new Voter(env.PUBLIC_ORIGIN ?? '', name));
  await leaver?.register();
  await comer?.register();
  await expectAppSurvives(async () => {
    await leaver?.logIn();
    await redis.save();
    await leaver?.logOut();
    await comer?.logIn();
    await redis.kill();
    await sleep(DOWNTIME_MS);
    await redis.start();
    expect([await leaver?.isKnown(), await comer?.isKnown()]).toEqual([false, true]);
  });
  expect(retries()).toEqual([]);
});

it('loses nothing when Postgres is killed', async () => {
  await expectAppSurvives(async () => {
    await postgres.kill();
    await sleep(DOWNTIME_MS);
    await postgres.start();
  });
});

it('loses nothing when all of them are killed within a second', async () => {
  await expectNothingLost(async () => {
    const ranker = await rankerOf(app);
    const kills = [killApp, async () => kill(ranker), () => redis.kill(), () => postgres.kill()];
    await Promise.all(
      kills.map(async (kill) => {
        await sleep(DOWNTIME_MS * Math.random());
        await kill();
      }),
    );
    await Promise.all([postgres.start(), redis.start()]);
    await untilAppIsUp();
  });
});

/**
 * Has all voters vote while processes are killed a few times, and compares the stored votes with the
 * acknowledged ones.
 * @param killAndRestart kills processes, and starts them again
 */
async function expectNothingLost(killAndRestart: () => Promise<void>): Promise<void> {
  onTestFailed(() => console.error(app.said().split('\n').filter(isError).slice(-10)));
  const votesBefore = acknowledged().length;
  for (const voter of voters) voter.retries.length = 0;
  const over = new AbortController();
  const errors: unknown[] = [];
  const voting = voters.map((voter, index) =>
    voter
      .vote(`/topics/${topics[index % topics.length]?.slug}/vote`, over.signal)
      .catch((error) => errors.push(error)),
  );
  let slowestMs = 0;
  try {
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(1_000 + 1_000 * Math.random());
      await killAndRestart();
      const recoveryMs = await untilAllAreAnswered();
      expect(errors).toEqual([]);
      expect(recoveryMs).toBeLessThan(MAX_RECOVERY_MS);
      slowestMs = Math.max(slowestMs, recoveryMs);
    }
  } finally {
    over.abort();
    await Promise.all(voting);
  }
  expect(errors).toEqual([]);
  const rankedMs = await expectAllStored();
  console.info(
    `${acknowledged().length - votesBefore} votes, ${retries().length} retries, ` +
      `all answered ${slowestMs} ms after the restart, ranked ${rankedMs} ms after the last vote`,
  );
}

/** Also expects that the app survives without a restart. */
async function expectAppSurvives(killAndRestart: () => Promise<void>): Promise<void> {
  const { pid } = app.child;
  await expectNothingLost(killAndRestart);
  expect(app.child.pid).toBe(pid);
}

/** Waits until each voter gets an answer. @returns the wait in milliseconds */
async function untilAllAreAnswered(): Promise<number> {
  const startedAt = Date.now();
  const waiting = () => voters.filter(({ answeredAt }) => answeredAt <= startedAt).length;
  while (waiting() > 0 && Date.now() - startedAt < MAX_RECOVERY_MS) await sleep(20);
  return Date.now() - startedAt;
}

/**
 * Compares ledger, ratings, sessions and log of events.
 * @returns milliseconds until the ranking had all votes
 */
async function expectAllStored(): Promise<number> {
  const startedAt = Date.now();
  await expectLedger();
  await untilAllAreRanked();
  const rankedMs = Date.now() - startedAt;
  // In one snapshot, because the ranker goes on.
  for (const { id } of topics)
    await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((trx) => expectCorrectRatings(trx, id));
  await expectSessions();
  await runCommand('admin', 'audit', 'verify');
  return rankedMs;
}

async function expectLedger(): Promise<void> {
  const { rows } = await sql<{ vote: string }>`
    select username || ' ' || ballot_id || ' ' || outcome ||
      case when withdrawn_at is null then '' else ', undone' end as vote
    from votes join users on users.id = voter_id`.execute(db);
  const [expected, stored] = [acknowledged(), rows.map(({ vote }) => vote)];
  expect({
    lost: difference(expected, stored),
    unexpected: difference(stored, expected),
    count: stored.length,
  }).toEqual({
    lost: [],
    unexpected: [],
    count: expected.length,
  });
  const duplicates = await sql`
    select voter_id from votes where withdrawn_at is null
    group by voter_id, least(left_id, right_id), greatest(left_id, right_id) having count(*) > 1`.execute(db);
  expect(duplicates.rows).toEqual([]);
}

function difference(all: string[], excluded: string[]): string[] {
  const set = new Set(excluded);
  return all.filter((item) => !set.has(item));
}

/** Waits until the ranking has all votes, and the site shows it. */
async function untilAllAreRanked(): Promise<void> {
  while (await isRankingBehind()) await sleep(50);
  const { rows } = await sql<{ slug: string; votes: number }>`
    select slug, count(*)::int as votes from votes join topics on topics.id = topic_id
    where withdrawn_at is null and outcome <> 'skip' group by slug`.execute(db);
  const cast = new Map(rows.map(({ slug, votes }) => [slug, votes]));
  for (const { slug } of topics) while ((await votesShown(slug)) !== cast.get(slug)) await sleep(50);
}

async function isRankingBehind(): Promise<boolean> {
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
  const known = await Promise.all(voters.map(async (voter) => [voter.name, await voter.isKnown()]));
  expect(known).toEqual(voters.map(({ name }) => [name, true]));
  const events = await db
    .selectFrom('sessionEvents')
    .innerJoin('users', 'users.id', 'userId')
    .where('username', 'like', 'voter%')
    .where('kind', 'not in', ['login', 'rebuilt'])
    .select(['username', 'kind'])
    .execute();
  expect(events).toEqual([]);
}

/** Restarts the app whenever it ends, as a process supervisor does. */
async function supervise(): Promise<void> {
  while (!isOver) {
    app = startProcess(env);
    await once(app.child, 'exit');
    await sleep(200);
  }
}

/** Kills all processes, and removes their data. */
function endAll(): void {
  isOver = true;
  killProcesses();
  // The other Postgres processes end a moment after the postmaster, so their files may need a second try.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const isError = (line: string): boolean => line.includes('"level":50');

async function untilAppIsUp(): Promise<void> {
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

async function runCommand(...args: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, ['dist/src/cli.js', ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, ...env },
  });
}

/** The reasons for all retries since voting began. */
const retries = (): string[] => voters.flatMap((voter) => voter.retries);

const acknowledged = (): string[] =>
  voters.flatMap(({ name, acknowledged }) =>
    [...acknowledged].map(([id, choice]) => `${name} ${id} ${choice}`),
  );
