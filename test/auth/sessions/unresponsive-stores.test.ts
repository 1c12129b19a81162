import { setTimeout as sleep, setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import {
  type Browser,
  itOnBothStores,
  member,
  openSite,
  pairOn,
  type Site,
  topic,
  visit,
} from '../../site.js';
import { type StoreProxy, startStoreProxy } from '../../store-proxy.js';

// The site reaches both stores through proxies that can drop traffic. The shared servers stay untouched.
let postgres: StoreProxy;
let redis: StoreProxy;
let site: Site;
let loggedIn: Browser;
let ballot: string;
const [server, redisUrl] = [inject('postgres')?.server, inject('redis')];
const bothStores = server !== undefined && redisUrl !== undefined;

beforeAll(async () => {
  if (!bothStores) return;
  [postgres, redis] = [await startStoreProxy(server), await startStoreProxy(redisUrl)];
  site = await openSite({ databaseUrl: postgres.url }, { redisUrl: redis.url });
  await topic(site);
});
beforeEach(async () => {
  if (!bothStores) return;
  loggedIn = (await member(site)).browser;
  ({ ballot } = pairOn((await loggedIn.get('/vote').expect(200)).text));
});
afterAll(async () => {
  await site?.close();
  await postgres?.close();
  await redis?.close();
});

for (const { name, stores, page } of [
  { name: 'Postgres', stores: () => [postgres], page: 503 },
  { name: 'Redis', stores: () => [redis], page: 200 },
  { name: 'both', stores: () => [postgres, redis], page: 503 },
])
  itOnBothStores(`answers in time while ${name} answers nothing, and works again soon after`, async () => {
    for (const store of stores()) store.silence();
    // These limits were promised to users.
    expect(await durationOf(loggedIn.get('/top').expect(200))).toBeLessThan(1_000);
    expect(await durationOf(visit(site).get('/top').expect(200))).toBeLessThan(1_000);
    for (const path of ['/vote', '/profile', '/profile/sessions'])
      expect(await durationOf(loggedIn.get(path).expect(page))).toBeLessThan(2_000);
    const vote = (): ReturnType<Browser['post']> =>
      loggedIn.post('/vote').type('form').send({ ballot, choice: 'left' });
    expect(await durationOf(vote().expect(page === 503 ? 503 : 303))).toBeLessThan(2_000);
    const logIn = await visit(site)
      .post('/login')
      .type('form')
      .send({ username: 'ann', password: 'unknown' });
    expect(logIn.status).toBe(503);
    expect(Number(logIn.headers['retry-after'])).toBeGreaterThan(0);

    for (const store of stores()) await store.mend();
    const mended = async (): Promise<void> => {
      while ((await visit(site).get('/readyz')).status !== 200);
      await loggedIn.get('/profile').expect(200);
      await vote().expect(303);
    };
    expect(await durationOf(mended())).toBeLessThan(5_000);
  });

itOnBothStores('answers the first request in time after the stores fall silent', async () => {
  for (const [path, status, most] of [
    ['/top', 200, 1_000],
    ['/profile', 503, 2_000],
    ['/things/1', 503, 2_000],
  ] as const) {
    postgres.silence();
    redis.silence();
    expect(await durationOf(loggedIn.get(path).expect(status))).toBeLessThan(most);
    await postgres.mend();
    await redis.mend();
    while ((await visit(site).get('/readyz')).status !== 200);
  }
});

itOnBothStores('replaces connections that fell silent', async () => {
  await Promise.all(Array.from({ length: 8 }, () => loggedIn.get('/profile').expect(200)));
  postgres.silence('old');
  redis.silence('old');
  const all = Array.from({ length: 20 }, () => loggedIn.get('/profile'));
  expect(await durationOf(Promise.all(all))).toBeLessThan(2_000);
  await loggedIn.get('/profile').expect(200);
});

itOnBothStores('keeps a connection whose statement reaches the server late', async () => {
  const openAll = () => Promise.all(Array.from({ length: 8 }, () => loggedIn.get('/profile')));
  await openAll();
  const held = postgres.holdBack(250);
  const answers = await openAll();
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await held;
});

for (const { name, wait } of [
  { name: 'waits for a statement that is only slow', wait: () => sleep(1_500) },
  { name: 'takes no pauses of its own process for silence of Postgres', wait: pauseEventLoop },
])
  itOnBothStores(name, async () => {
    const { id, browser } = await member(site);
    const answer = await site.db.transaction().execute(async (trx) => {
      await trx.selectFrom('users').where('id', '=', id).select('id').forUpdate().execute();
      const waiting = browser.post('/profile/password').type('form').send({
        current: 'a long enough phrase',
        password: 'another long enough phrase',
      });
      const sent = waiting.then((answer) => answer);
      await wait();
      return { sent };
    });
    expect((await answer.sent).status).toBe(303);
  });

async function durationOf(work: PromiseLike<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}

/** Keeps the process from reading answers, again and again. */
async function pauseEventLoop(): Promise<void> {
  await sleep(100);
  for (let pause = 0; pause < 8; pause++) {
    const until = performance.now() + 400;
    while (performance.now() < until);
    await yieldToEventLoop();
  }
}
