import { afterAll, beforeAll, beforeEach, expect, inject } from 'vitest';
import { proxyTo, type StoreProxy } from '../../proxy.js';
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

// Both stores are reached through proxies that can swallow what is sent, so the shared servers are left alone.
let postgres: StoreProxy;
let redis: StoreProxy;
let site: Site;
let signedIn: Browser;
let ballot: string;
const [server, redisUrl] = [inject('postgres')?.server, inject('redis')];
const bothStores = server !== undefined && redisUrl !== undefined;

beforeAll(async () => {
  if (!bothStores) return;
  [postgres, redis] = [await proxyTo(server), await proxyTo(redisUrl)];
  site = await openSite({ databaseUrl: postgres.url }, { redisUrl: redis.url });
  await topic(site);
});
beforeEach(async () => {
  if (!bothStores) return;
  signedIn = (await member(site)).browser;
  ({ ballot } = pairOn((await signedIn.get('/vote').expect(200)).text));
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
  itOnBothStores(
    `answers in time while ${name} swallows all that is sent, and goes on soon after`,
    async () => {
      for (const store of stores()) store.silence();
      // The limits are those that people were promised.
      expect(await timeOf(signedIn.get('/top').expect(200))).toBeLessThan(1_000);
      expect(await timeOf(visit(site).get('/top').expect(200))).toBeLessThan(1_000);
      for (const path of ['/vote', '/profile', '/profile/sessions'])
        expect(await timeOf(signedIn.get(path).expect(page))).toBeLessThan(2_000);
      const vote = (): ReturnType<Browser['post']> =>
        signedIn.post('/vote').type('form').send({ ballot, choice: 'left' });
      expect(await timeOf(vote().expect(page === 503 ? 503 : 303))).toBeLessThan(2_000);
      const logIn = await visit(site)
        .post('/login')
        .type('form')
        .send({ username: 'ann', password: 'unknown' });
      expect(logIn.status).toBe(503);
      expect(Number(logIn.headers['retry-after'])).toBeGreaterThan(0);

      for (const store of stores()) await store.mend();
      const mended = async (): Promise<void> => {
        while ((await visit(site).get('/readyz')).status !== 200);
        await signedIn.get('/profile').expect(200);
        await vote().expect(303);
      };
      expect(await timeOf(mended())).toBeLessThan(5_000);
    },
  );

itOnBothStores('answers the first page in time, whichever needs the store', async () => {
  for (const [path, status, most] of [
    ['/top', 200, 1_000],
    ['/profile', 503, 2_000],
    ['/things/1', 503, 2_000],
  ] as const) {
    postgres.silence();
    redis.silence();
    expect(await timeOf(signedIn.get(path).expect(status))).toBeLessThan(most);
    await postgres.mend();
    await redis.mend();
    while ((await visit(site).get('/readyz')).status !== 200);
  }
});

itOnBothStores('throws away connections that fell silent while new ones are answered', async () => {
  await Promise.all(Array.from({ length: 8 }, () => signedIn.get('/profile').expect(200)));
  postgres.silence('old');
  redis.silence('old');
  const all = Array.from({ length: 20 }, () => signedIn.get('/profile'));
  expect(await timeOf(Promise.all(all))).toBeLessThan(2_000);
  await signedIn.get('/profile').expect(200);
});

itOnBothStores('does not take a connection for dead whose statement is late at the server', async () => {
  const openAll = () => Promise.all(Array.from({ length: 8 }, () => signedIn.get('/profile')));
  await openAll();
  const held = postgres.holdBack(250);
  const answers = await openAll();
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  await held;
});

itOnBothStores('does not take a statement for silent that is only slow', async () => {
  const { id, browser } = await member(site);
  const answer = await site.db.transaction().execute(async (trx) => {
    await trx.selectFrom('users').where('id', '=', id).select('id').forUpdate().execute();
    const waiting = browser.post('/profile/password').type('form').send({
      current: 'a long enough phrase',
      password: 'another long enough phrase',
    });
    const sent = waiting.then((answer) => answer);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    return { sent };
  });
  expect((await answer.sent).status).toBe(303);
});

async function timeOf(work: PromiseLike<unknown>): Promise<number> {
  const began = performance.now();
  await work;
  return performance.now() - began;
}
