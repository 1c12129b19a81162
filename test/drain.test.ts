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
import { FIREFOX, itOnPostgres, openDatabaseOfItsOwn, vote } from './site.js';

// Processes start slowly on a busy machine, and here many do.
vi.setConfig({ testTimeout: 180_000 });

const dataDir = mkdtempSync(join(tmpdir(), 'thinga-drain-'));
let own: Awaited<ReturnType<typeof openDatabaseOfItsOwn>> | undefined;

afterEach(killProcesses);
beforeAll(async () => {
  if (inject('postgres')) own = await openDatabaseOfItsOwn();
});
afterAll(async () => {
  await own?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

/** Starts the site on a port of its own, with data that all of this file's processes share. */
async function start(env: Record<string, string>) {
  const port = env.PORT ?? String(await freePort());
  const { databaseUrl } = own?.config ?? {};
  const stores = { DATA_DIR: dataDir, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
  const site = startProcess({ ...stores, PORT: port, ...env });
  await site.until('Thinga is at');
  return { ...site, origin: `http://127.0.0.1:${port}` };
}

it('is no longer ready as soon as it is asked to stop, and serves until the drain is over', async () => {
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

it('takes signals that come together for one, and ends at once when it is asked again', async () => {
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

itOnPostgres(
  'loses no request of those that a proxy passes on while its processes are restarted',
  async () => {
    if (!own) return;
    await seed(own.db);
    const redis = inject('redis');
    const env = {
      ...(redis && { REDIS_URL: redis }),
      SESSION_SECRET: randomBytes(36).toString('base64'),
      TRUST_PROXY: '1',
      DRAIN_SECONDS: '1',
    };
    // The other is two processes itself, where Redis lets it.
    const one = await start(env);
    const other = await start(redis ? { ...env, WEB_CONCURRENCY: '2' } : env);
    const proxy = await startReverseProxy([one.origin, other.origin]);
    for (const { origin } of [one, other]) await proxy.until(origin, true);

    const rush = startRush(proxy.origin);
    await rush.until(40);
    await stop(one.child);
    await rush.until(40);
    await start({ ...env, PORT: new URL(one.origin).port });
    await proxy.until(one.origin, true);
    await rush.until(40);
    await stop(other.child);
    await rush.until(40);
    const { failures, votes } = await rush.end();
    expect(failures).toEqual([]);
    const { kept } = await own.db
      .selectFrom('votes')
      .select((expression) => expression.fn.countAll<number>().as('kept'))
      .executeTakeFirstOrThrow();
    expect(kept).toBe(votes);
    killProcesses();
    await proxy.close();
  },
);

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
}

/** Waits until the site has heard that it is to stop. */
async function untilStopping(origin: string): Promise<void> {
  while ((await (await fetch(`${origin}/readyz`)).text()) !== 'stopping\n') await sleep(10);
}

/** People who vote and look at the Top 20 until they are told to go home, each a few times a second. */
function startRush(origin: string) {
  const failures: string[] = [];
  let [votes, requests, isOver] = [0, 0, false];

  async function live(number: number): Promise<void> {
    const browser = supertest
      .agent(origin)
      .set('Sec-Fetch-Site', 'same-origin')
      .set('User-Agent', FIREFOX)
      .set('X-Forwarded-For', `10.8.0.${number}`);
    const form = { username: `rush${number}`, password: 'a long enough phrase' };
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

  const lives = Array.from({ length: 4 }, (_, number) =>
    live(number).catch((error: unknown) => failures.push(String(error))),
  );
  return {
    /** Waits until so many requests more were answered, or one failed. */
    async until(more: number) {
      for (const enough = requests + more; requests < enough && failures.length === 0; ) await sleep(20);
    },
    async end() {
      isOver = true;
      await Promise.all(lives);
      return { failures, votes };
    },
  };
}
