import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { readConfig } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database.js';
import { migrateUp } from '../../src/migrate.js';
import { isRankingBehind } from '../faults/checks.js';
import { Voter } from '../faults/voter.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { expectCorrectRatings } from '../ranking/ranker/expected-ratings.js';
import { FIREFOX, lockHolder } from '../site.js';
import { type HaProxy, startHaProxy } from './haproxy.js';
import { acknowledgedBy, expectLedger } from './ledger.js';
import { startPostgres, startRedis } from './servers.js';

// Two machines with two web processes and a ranker each, behind a proxy that sends each request to the next
// machine: nobody stays with one process.
const HOSTS = ['127.0.0.1', '127.0.0.2'];
const VOTERS = 8;
/** Each machine gives a new connection to its next process, so so many connections reach both of them. */
const CONNECTIONS = 6;

let folder = '';
let env: Record<string, string>;
let db: Database;
let proxy: HaProxy;
const machines: SiteProcess[] = [];
const voters: Voter[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thinga-many-'));
  // Postgres runs as another user, who needs access to its folder.
  chmodSync(folder, 0o711);
  const url = await startPostgres(folder);
  const { port } = await startRedis(folder);
  db = await openDatabase(readConfig({ DATABASE_URL: url }), () => undefined);
  await migrateUp(db);
  await seed(db);
  env = {
    NODE_ENV: 'production',
    PORT: String(await freePort()),
    PUBLIC_ORIGIN: 'http://127.0.0.1:3000',
    DATABASE_URL: url,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    SESSION_SECRET: randomBytes(36).toString('base64'),
    WEB_CONCURRENCY: '2',
    RATE_LIMITS: 'off',
    TRUST_PROXY: '1',
    DRAIN_SECONDS: '3',
    LOG_LEVEL: 'warn',
  };
  machines[0] = await startMachine(0);
  // The first ranker then has the lock.
  while ((await lockHolder(db)) === undefined) await sleep(20);
  machines[1] = await startMachine(1);
  proxy = await startHaProxy(folder, HOSTS.map(originOf));
  for (const index of HOSTS.keys()) await proxy.until(index, 'UP');
  for (let number = 1; number <= VOTERS; number++) {
    const voter = new Voter(proxy.origin, `voter${number}`);
    await voter.register();
    voters.push(voter);
  }
});
afterAll(async () => {
  await db?.destroy();
  end();
});
// When the run is interrupted, afterAll does not run.
process.on('exit', end);

function end(): void {
  killProcesses();
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

const originOf = (host: string): string => `http://${host}:${env.PORT}`;

async function startMachine(index: number): Promise<SiteProcess> {
  const machine = startProcess({ ...env, HOST: HOSTS[index] ?? '' });
  const [host = ''] = HOSTS.slice(index);
  await machine.until('Thinga is at');
  while ((await statusAt(host, '/readyz').catch(() => 0)) !== 200) await sleep(50);
  return machine;
}

it('needs no sticky sessions: votes, log-outs and log-ins go through all processes', async () => {
  await voteFor(3_000);
  expect(await Promise.all(voters.map((voter) => voter.isKnown()))).toEqual(voters.map(() => true));
  const [leaver] = voters as [Voter];
  await leaver.logOut();
  for (let request = 0; request < CONNECTIONS; request++) expect(await leaver.isKnown()).toBe(false);
  await leaver.logIn();
  for (let request = 0; request < CONNECTIONS; request++) expect(await leaver.isKnown()).toBe(true);
  await expectLedger(db, voters);
});

it('counts limits once for all processes', async () => {
  const guess = { Cookie: 'thinga=made-up', 'X-Forwarded-For': '10.7.0.1' };
  const statuses: number[] = [];
  for (let tries = 0; tries < 100; tries++)
    statuses.push(await statusAt(HOSTS[tries % 2] ?? '', '/how', guess));
  expect(statuses).toEqual(statuses.map(() => 200));
  for (const host of HOSTS)
    for (let connection = 0; connection < CONNECTIONS; connection++)
      expect(await statusAt(host, '/how', guess)).toBe(429);
});

it('shows the same board everywhere within two seconds after the last vote', async () => {
  await voteFor(2_000);
  const endedAt = Date.now();
  while (!(await isShownEverywhere())) await sleep(20);
  const ms = Date.now() - endedAt;
  console.info(`all boards have the last vote after ${ms} ms`);
  expect(ms).toBeLessThan(2_000);
});

it('has one ranker, which another replaces within three seconds when it is frozen or killed', async () => {
  const [first, second] = machines.map(rankerOf) as [number, number];
  const handOver = async (stop: () => void): Promise<number> => {
    expect(await countLocks()).toBe(1);
    const before = await lockHolder(db);
    const startedAt = Date.now();
    stop();
    while ([before, undefined].includes(await lockHolder(db))) await sleep(10);
    return Date.now() - startedAt;
  };
  const frozen = await handOver(() => process.kill(first, 'SIGSTOP'));
  process.kill(first, 'SIGCONT');
  await sleep(2_000);
  const killed = await handOver(() => process.kill(second, 'SIGKILL'));
  console.info(`a frozen ranker is replaced after ${frozen} ms, a killed one after ${killed} ms`);
  expect(Math.max(frozen, killed)).toBeLessThan(3_000);
  await voteFor(1_000);
  await expectRanked();
});

it('loses no request while the machines are restarted one after the other', async () => {
  const over = new AbortController();
  for (const voter of voters) voter.retries.length = 0;
  const before = acknowledgedBy(voters).length;
  const voting = voteUntil(over.signal);
  for (const index of HOSTS.keys()) {
    await sleep(1_000);
    const { child } = machines[index] as SiteProcess;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    machines[index] = await startMachine(index);
    await proxy.until(index, 'UP');
  }
  await sleep(1_000);
  over.abort();
  await voting;
  console.info(`${acknowledgedBy(voters).length - before} votes during the restarts`);
  expect(voters.flatMap(({ retries }) => retries)).toEqual([]);
  await expectLedger(db, voters);
  await expectRanked();
});

async function voteFor(ms: number): Promise<void> {
  await voteUntil(AbortSignal.timeout(ms));
}

async function voteUntil(over: AbortSignal): Promise<void> {
  const errors: unknown[] = [];
  await Promise.all(
    voters.map((voter) =>
      voter.vote('/vote', over).catch((error: unknown) => errors.push(String(error).slice(0, 300))),
    ),
  );
  expect(errors).toEqual([]);
}

async function isShownEverywhere(): Promise<boolean> {
  const { rows } = await sql<{ slug: string; votes: number }>`
    select slug, count(votes.id)::int as votes from topics left join votes
      on topic_id = topics.id and withdrawn_at is null and outcome <> 'skip' group by slug`.execute(db);
  for (const { slug, votes } of rows)
    for (const host of HOSTS)
      for (let connection = 0; connection < CONNECTIONS; connection++) {
        const { text } = await request(host, `/api/topics/${slug}/top`);
        if ((JSON.parse(text) as { votes: number }).votes !== votes) return false;
      }
  return true;
}

async function expectRanked(): Promise<void> {
  while (await isRankingBehind(db)) await sleep(50);
  for (const { id } of await db.selectFrom('topics').select('id').execute())
    await expectCorrectRatings(db, id);
}

async function countLocks(): Promise<number> {
  const { rows } = await sql`
    select from pg_locks where locktype = 'advisory' and granted`.execute(db);
  return rows.length;
}

/** Returns the process id of a machine's ranker. */
function rankerOf({ child }: SiteProcess): number {
  const options = ['-P', String(child.pid), '-f', 'ranker'];
  return Number(spawnSync('pgrep', options, { encoding: 'utf8' }).stdout);
}

const statusAt = async (host: string, path: string, headers = {}): Promise<number> =>
  (await request(host, path, headers)).status;

/** Sends a request to a machine over a new connection. */
function request(host: string, path: string, headers = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { agent: false, headers: { 'User-Agent': FIREFOX, ...headers } };
    get(originOf(host) + path, options, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      resolve({ status: answer.statusCode ?? 0, text });
    }).on('error', reject);
  });
}
