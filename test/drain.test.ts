import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import supertest from 'supertest';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { seed } from '../src/catalog/seed.js';
import { freePort, killProcesses, startProcess } from './processes.js';
import { startReverseProxy } from './reverse-proxy.js';
import { databaseEnv, FIREFOX, itOnPostgres, openTestDatabase, vote } from './site.js';

// These tests start many processes, which takes long on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-drain-'));
let testDb: Awaited<ReturnType<typeof openTestDatabase>> | undefined;

afterEach(killProcesses);
beforeAll(async () => {
  if (inject('postgres')) testDb = await openTestDatabase();
});
afterAll(async () => {
  await testDb?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Starts the site on a free port. All processes of this file share their data. */
async function start(env: Record<string, string>) {
  const port = env.PORT ?? String(await freePort());
  const stores = { DATA_DIR: dataDir, ...(testDb && databaseEnv(testDb.config)) };
  const site = startProcess({ ...stores, PORT: port, ...env });
  await site.until('Thinga is at');
  return { ...site, origin: `http://127.0.0.1:${port}` };
}

it('is not ready once it is asked to stop, and serves until the drain is over', async () => {
  const { child, origin } = await start({ DRAIN_SECONDS: '3' });
  const ended = stop(child);
  await untilStopping(origin);
  expect((await fetch(`${origin}/readyz`)).status).toBe(503);
  expect((await fetch(`${origin}/healthz`)).status).toBe(200);
  const top = await fetch(`${origin}/top`);
  expect(top.status).toBe(200);
  expect(top.headers.get('connection')).toBe('close');
  await ended;
});

it('takes simultaneous signals as one, and ends at once on a later signal', async () => {
  const { child, origin } = await start({ DRAIN_SECONDS: '300' });
  const ended = once(child, 'exit');
  child.kill('SIGINT');
  child.kill('SIGTERM');
  await untilStopping(origin);
  expect((await fetch(`${origin}/top`)).status).toBe(200);
  await sleep(1_100);
  child.kill('SIGINT');
  expect(await ended).toEqual([1, null]);
});

itOnPostgres('loses no request behind a proxy while its processes are restarted', async () => {
  if (!testDb) return;
  await seed(testDb.db);
  const redis = inject('redis');
  const env = {
    ...(redis && { REDIS_URL: redis }),
    SESSION_SECRET: randomBytes(36).toString('base64'),
    TRUST_PROXY: '1',
    DRAIN_SECONDS: '1',
  };
  const first = await start(env);
  // With Redis the second site has two processes.
  const second = await start(redis ? { ...env, WEB_CONCURRENCY: '2' } : env);
  const proxy = await startReverseProxy([first.origin, second.origin]);
  for (const { origin } of [first, second]) await proxy.until(origin, true);

  const load = startLoad(proxy.origin);
  await load.until(40);
  await stop(first.child);
  await load.until(40);
  await start({ ...env, PORT: new URL(first.origin).port });
  await proxy.until(first.origin, true);
  await load.until(40);
  await stop(second.child);
  await load.until(40);
  const { failures, votes } = await load.end();
  expect(failures).toEqual([]);
  const { stored } = await testDb.db
    .selectFrom('votes')
    .select((expression) => expression.fn.countAll<number>().as('stored'))
    .executeTakeFirstOrThrow();
  expect(stored).toBe(votes);
  killProcesses();
  await proxy.close();
});

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

/** Waits until the site reports that it is stopping. */
async function untilStopping(origin: string): Promise<void> {
  while ((await (await fetch(`${origin}/readyz`)).text()) !== 'stopping\n') await sleep(10);
}

/** Starts four voters. Each votes and looks at the Top 20 several times a second, until `end`. */
function startLoad(origin: string) {
  const failures: string[] = [];
  let [votes, requests, isOver] = [0, 0, false];

  async function runVoter(number: number): Promise<void> {
    const browser = supertest
      .agent(origin)
      .set('Sec-Fetch-Site', 'same-origin')
      .set('User-Agent', FIREFOX)
      .set('X-Forwarded-For', `10.8.0.${number}`);
    const form = { username: `load${number}`, password: 'a long enough phrase' };
    await browser.post('/register').type('form').send(form).expect(303);
    while (!isOver) {
      await vote(browser);
      votes++;
      requests += 2;
      for (let look = 0; look < 10; look++) {
        await browser.get('/top').expect(200);
        requests++;
        await sleep(20);
      }
    }
  }

  const voters = Array.from({ length: 4 }, (_, number) =>
    runVoter(number).catch((error: unknown) => failures.push(String(error))),
  );
  return {
    /** Waits until this many more requests are answered, or one has failed. */
    async until(more: number) {
      for (const target = requests + more; requests < target && failures.length === 0; ) await sleep(20);
    },
    async end() {
      isOver = true;
      await Promise.all(voters);
      return { failures, votes };
    },
  };
}
