import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, afterEach, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { readConfig } from '../../src/config.js';
import { type Database, openDatabase } from '../../src/database.js';
import { migrateUp } from '../../src/migrate.js';
import { isRankingBehind } from '../faults/checks.js';
import { Voter } from '../faults/voter.js';
import { freePort, killProcesses, type SiteProcess, startProcess } from '../processes.js';
import { expectCorrectRatings } from '../ranking/ranker/expected-ratings.js';
import { onServer } from '../stores.js';
import { expectLedger } from './ledger.js';
import {
  type Engine,
  output,
  runToEnd,
  startCluster,
  startPgBouncer,
  startPostgres,
  startRedis,
  startRedisWithTls,
  startSentinels,
} from './servers.js';

/** Votes, sessions and the lock of the ranker: what depends most on the stores. */
const FILES = [
  'test/voting/voting.test.ts',
  'test/voting/queue.test.ts',
  'test/voting/concurrency.test.ts',
  'test/voting/guests.test.ts',
  'test/auth/sessions/login.test.ts',
  'test/auth/sessions/session-lifetime.test.ts',
  'test/auth/sessions/parallel.test.ts',
  'test/auth/sessions/throttle.test.ts',
  'test/ranking/ranker/frozen.test.ts',
];

const VOTERS = 8;

const ENGINES: Record<string, (folder: string) => Promise<Engine>> = {
  'Postgres 15': (folder) => onPostgres(folder),
  'Postgres 18': (folder) => onPostgres(folder, '18.4.0-beta.17'),
  'PgBouncer, session pooling': (folder) => onPgBouncer(folder, 'session'),
  'PgBouncer, transaction pooling': (folder) => onPgBouncer(folder, 'transaction'),
  async 'Redis Sentinel'(folder) {
    const { url, failOver } = await startSentinels(folder);
    return { ...(await onRedis(folder, url)), failOver };
  },
  'Redis Cluster': async (folder) => onRedis(folder, await startCluster(folder)),
  async 'Redis with TLS and a password'(folder) {
    const { url, ca } = await startRedisWithTls(folder);
    return onRedis(folder, url, { NODE_EXTRA_CA_CERTS: ca });
  },
};

const results: string[][] = [];
let folder = '';

afterEach(() => {
  killProcesses();
  // The other Postgres processes end a moment after the postmaster, so their files may need a second try.
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
afterAll(() => {
  console.info(`\n| engine | version | journey | tests |\n|---|---|---|---|`);
  for (const cells of results) console.info(`| ${cells.join(' | ')} |`);
});

for (const [name, start] of Object.entries(ENGINES))
  it(`runs on ${name}`, async () => {
    folder = mkdtempSync(join(tmpdir(), 'thinga-engines-'));
    // Postgres runs as another user, who needs access to its folder.
    chmodSync(folder, 0o711);
    const engine = await start(folder);
    const row = [name, engine.description, 'failed', 'failed'];
    results.push(row);
    row[2] = await makeJourney(engine);
    const { summary, failed } = await runTests(engine);
    row[3] = summary;
    expect(failed).toEqual([]);
  });

async function onPostgres(folder: string, version?: string): Promise<Engine> {
  const url = await startPostgres(folder, version);
  const { port } = await startRedis(folder);
  const env = { DATABASE_URL: url, REDIS_URL: `redis://127.0.0.1:${port}` };
  return { env, directUrl: url, description: await postgresVersion(url) };
}

async function onPgBouncer(folder: string, mode: 'session' | 'transaction'): Promise<Engine> {
  const engine = await onPostgres(folder);
  const env = {
    ...engine.env,
    DATABASE_URL: await startPgBouncer(folder, engine.directUrl, mode),
    DATABASE_POOLER: mode,
    DATABASE_DIRECT_URL: engine.directUrl,
  };
  const [description = ''] = (await output('pgbouncer', '--version')).split('\n');
  return { ...engine, env, description };
}

async function onRedis(folder: string, url: string, more: Record<string, string> = {}): Promise<Engine> {
  const directUrl = await startPostgres(folder);
  const [, version] = /v=([\d.]+)/.exec(await output('redis-server', '--version')) ?? [];
  const env = { DATABASE_URL: directUrl, REDIS_URL: url, ...more };
  return { env, directUrl, description: `Redis ${version}` };
}

async function postgresVersion(url: string): Promise<string> {
  const db = await openDatabase(readConfig({ DATABASE_URL: url }), () => undefined);
  const { rows } = await sql<{ serverVersion: string }>`show server_version`.execute(db);
  await db.destroy();
  return `Postgres ${rows[0]?.serverVersion}`;
}

/** Starts the site with its ranker, and has people sign up, vote, log out and log in. */
async function makeJourney(engine: Engine): Promise<string> {
  await onServer(engine.directUrl, 'create database journey');
  const at = (url: string): string => Object.assign(new URL(url), { pathname: '/journey' }).href;
  const env: Record<string, string> = { ...engine.env, DATABASE_URL: at(engine.env.DATABASE_URL ?? '') };
  if (env.DATABASE_POOLER === 'transaction') env.DATABASE_DIRECT_URL = at(engine.directUrl);
  else delete env.DATABASE_DIRECT_URL;
  const db = await openDatabase(readConfig({ DATABASE_URL: at(engine.directUrl) }), () => undefined);
  try {
    await migrateUp(db);
    await seed(db);
    const site = await startSite(env);
    return await voteAndLogIn(site, db, engine);
  } finally {
    await db.destroy();
  }
}

async function startSite(env: Record<string, string>): Promise<SiteProcess & { origin: string }> {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const site = startProcess({
    ...env,
    NODE_ENV: 'production',
    PORT: new URL(origin).port,
    PUBLIC_ORIGIN: origin,
    SESSION_SECRET: randomBytes(36).toString('base64'),
    RATE_LIMITS: 'off',
    TRUST_PROXY: '1',
    LOG_LEVEL: 'warn',
  });
  await site.until('Thinga is at');
  return { ...site, origin };
}

async function voteAndLogIn(site: { origin: string }, db: Database, engine: Engine): Promise<string> {
  const voters = Array.from({ length: VOTERS }, (_, number) => new Voter(site.origin, `voter${number + 1}`));
  for (const voter of voters) await voter.register();
  const over = new AbortController();
  const errors: unknown[] = [];
  const voting = voters.map((voter) =>
    voter.vote('/vote', over.signal).catch((error: unknown) => errors.push(String(error).slice(0, 300))),
  );
  await sleep(2_000);
  await delayVotes(db);
  const startedAt = Date.now();
  await engine.failOver?.();
  const failOverMs = Date.now() - startedAt;
  await sleep(4_000);
  over.abort();
  await Promise.all(voting);
  expect(errors).toEqual([]);
  expect(voters.flatMap(({ retries }) => retries)).toEqual([]);
  expect(await Promise.all(voters.map((voter) => voter.isKnown()))).toEqual(voters.map(() => true));
  for (const voter of voters.slice(0, 2)) {
    await voter.logOut();
    expect(await voter.isKnown()).toBe(false);
    await voter.logIn();
    expect(await voter.isKnown()).toBe(true);
  }
  await expectLedger(db, voters);
  while (await isRankingBehind(db)) await sleep(50);
  for (const { id } of await db.selectFrom('topics').select('id').execute())
    await expectCorrectRatings(db, id);
  const votes = voters.flatMap(({ acknowledged }) => [...acknowledged]).length;
  return `${votes} votes, no retries${engine.failOver ? `, fail-over in ${failOverMs} ms` : ''}`;
}

/** Makes all votes wait for a second. A connection with a slow statement must not be taken for a dead one. */
async function delayVotes(db: Database): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`lock table votes in exclusive mode`.execute(trx);
    await sleep(1_000);
  });
}

interface Report {
  numPassedTests: number;
  numPendingTests: number;
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Runs the tests of FILES over the engine, in a process of their own. */
async function runTests({ env }: Engine): Promise<{ summary: string; failed: string[] }> {
  const file = join(folder, 'report.json');
  const args = ['vitest', 'run', ...FILES, '--reporter=json', `--outputFile=${file}`];
  const startedAt = Date.now();
  const said = await runToEnd('npx', args, env);
  if (!existsSync(file)) throw new Error(`the tests did not run: ${said}`);
  const { numPassedTests, numPendingTests, testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report;
  const failed = testResults.flatMap(({ message, assertionResults }) => [
    ...(message ? [message] : []),
    ...assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages: [reason = ''] }) => `${fullName}: ${reason.split('\n')[0]}`),
  ]);
  const seconds = Math.round((Date.now() - startedAt) / 1_000);
  const counts = [`${numPassedTests} passed`, failed.length > 0 && `${failed.length} failed`];
  const skipped = numPendingTests > 0 && `${numPendingTests} skipped`;
  return { summary: [...counts, skipped, `${seconds} s`].filter(Boolean).join(', '), failed };
}
