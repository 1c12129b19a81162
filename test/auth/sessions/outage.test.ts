import { sql } from 'kysely';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import {
  type Browser,
  HTMX,
  itOnBothStores,
  loseKeys,
  member,
  openSite,
  pairOn,
  read,
  type Site,
  topic,
  visit,
  vote,
} from '../../site.js';
import { type StoreProxy, startStoreProxy } from '../../store-proxy.js';
import { onServer } from '../../stores.js';

// The site reaches both stores through proxies that can be cut. The shared servers stay untouched.
let postgres: StoreProxy;
let redis: StoreProxy;
let site: Site;
const [server, redisUrl] = [inject('postgres')?.server, inject('redis')];
const bothStores = server !== undefined && redisUrl !== undefined;

beforeAll(async () => {
  if (!bothStores) return;
  [postgres, redis] = [await startStoreProxy(server), await startStoreProxy(redisUrl)];
  site = await openSite({ databaseUrl: postgres.url }, { redisUrl: redis.url });
  await topic(site);
});
afterAll(async () => {
  await site?.close();
  await postgres?.close();
  await redis?.close();
});

async function eventually(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 50));
}

const sessionsOf = (userId: number) =>
  site.db.selectFrom('sessions').where('userId', '=', userId).selectAll().orderBy('id').execute();

itOnBothStores(
  'uses Postgres alone while Redis is unavailable, and uses Redis again afterwards',
  async () => {
    const { browser, id, username, password } = await member(site);
    redis.cut();
    await browser.get('/profile').expect(200);
    await vote(browser);
    const before = await sessionsOf(id);
    const refused = await visit(site).post('/login').type('form').send({ username, password });
    expect(refused.status).toBe(503);
    expect(refused.headers['set-cookie']).toBeUndefined();
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const wrong = await visit(site).post('/login').type('form').send({ username, password: 'not this one' });
    const withoutNumber = ({ text }: { text: string }) => text.replace(/<code>[0-9a-f]+</, '<code><');
    expect([wrong.status, withoutNumber(wrong)]).toEqual([503, withoutNumber(refused)]);
    expect(await sessionsOf(id)).toEqual(before);
    await visit(site).get('/profile').expect(303);

    await redis.mend();
    await eventually(async () => (await visit(site).get('/readyz')).status === 200);
    await visit(site).post('/login').type('form').send({ username, password }).expect(303);
    await browser.get('/profile').expect(200);
  },
);

itOnBothStores(
  'shows a recovery code at the first log-in of an account that was made without Redis',
  async () => {
    redis.cut();
    const credentials = { username: 'early-bird', password: 'a long enough phrase' };
    const answer = await visit(site).post('/register').type('form').send(credentials).expect(503);
    expect(answer.text).toContain('Your account is ready');
    // Nobody has seen a code, so there must be none.
    expect(
      await site.db
        .selectFrom('recoveryCodes')
        .innerJoin('users', 'id', 'userId')
        .where('username', '=', credentials.username)
        .select('userId')
        .execute(),
    ).toEqual([]);
    await redis.mend();
    await eventually(async () => (await visit(site).get('/readyz')).status === 200);
    const browser = visit(site);
    const { headers } = await browser.post('/login').type('form').send(credentials).expect(303);
    expect(headers.location).toBe('/profile/recovery-code?next=%2Fvote');
    expect(read((await browser.get('/profile/recovery-code')).text)('#code').text()).toHaveLength(34);
  },
);

itOnBothStores(
  'shows pages from memory while Postgres is unavailable, treats all visitors as unknown, and recovers',
  async () => {
    const { browser } = await member(site);
    const guest = visit(site);
    await vote(guest);
    const pair = pairOn((await browser.get('/vote')).text);
    postgres.cut();
    for (const visitor of [browser, guest, visit(site)])
      for (const path of ['/', '/top', '/topics']) await visitor.get(path).expect(200);
    for (const path of ['/vote', '/profile']) {
      const answer = await browser.get(path).expect(503);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(read(answer.text)('h1').text()).toBe('Temporarily unavailable');
    }
    for (const path of ['/topics/foods/data.json', '/api/me']) {
      const answer = await browser.get(path).expect(503);
      expect(answer.type).toBe('application/problem+json');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    const fragment = await browser
      .post('/vote')
      .set(HTMX)
      .type('form')
      .send({ ballot: pair.ballot, choice: 'left' });
    expect(fragment.status).toBe(503);
    expect(fragment.headers['hx-retarget']).toBe('#notice');

    // Public pages stay open to the holder of a cookie even when the session's state is gone too.
    await loseKeys(site, 'session:');
    await browser.get('/top').expect(200);
    await browser.get('/profile').expect(503);

    await postgres.mend();
    await eventually(async () => (await visit(site).get('/readyz')).status === 200);
    await browser.post('/vote').type('form').send({ ballot: pair.ballot, choice: 'left' }).expect(303);
    await browser.get('/profile').expect(200);
  },
);

itOnBothStores('keeps a log-out made while Postgres is unavailable', async () => {
  const [one, other] = [await member(site), await member(site)];
  const cookies = [await cookieOf(one.browser), await cookieOf(other.browser)];
  postgres.cut();
  await one.browser.post('/logout').expect(303);
  await loseKeys(site, 'session:');
  await other.browser.post('/logout').expect(303);
  await postgres.mend();
  await eventually(async () => (await visit(site).get('/readyz')).status === 200);
  for (const cookie of cookies) await visit(site).get('/profile').set('Cookie', cookie).expect(303);
  for (const { id } of [one, other])
    expect(await sessionsOf(id)).toMatchObject([{ status: 'inactive', endReason: 'logout' }]);
});

itOnBothStores(
  'keeps a log-out made without Postgres, also when another process restores the session',
  async () => {
    const { browser, id } = await member(site);
    const cookie = await cookieOf(browser);
    const other = await openSite({}, { storesOf: site, redisUrl: redis.url });
    try {
      postgres.cut();
      await browser.post('/logout').expect(303);
      await loseKeys(site);
      await postgres.mend();
      await eventually(async () => (await visit(site).get('/readyz')).status === 200);
      // The other process still takes the session for live, and writes its state to Redis.
      await visit(other).get('/profile').set('Cookie', cookie);
      await visit(site).get('/profile').set('Cookie', cookie).expect(303);
      await visit(other).get('/profile').set('Cookie', cookie).expect(303);
      expect(await sessionsOf(id)).toMatchObject([{ status: 'inactive', endReason: 'logout' }]);
    } finally {
      await other.close();
    }
  },
);

itOnBothStores('never repeats a pair that was voted on while Redis was unavailable', async () => {
  const { browser } = await member(site);
  await vote(browser);
  redis.cut();
  await vote(browser);
  await redis.mend();
  await eventually(async () => (await visit(site).get('/readyz')).status === 200);
  for (let answers = 0; answers < 3; answers++) {
    const { ballot } = pairOn((await browser.get('/vote').expect(200)).text);
    const answer = await browser.post('/vote').type('form').send({ ballot, choice: 'left' }).expect(303);
    expect(answer.headers.location).toContain('?voted=');
  }
});

itOnBothStores('answers 503 to a log-out that no store can keep', async () => {
  const { browser, id } = await member(site);
  postgres.cut();
  redis.cut();
  await browser.post('/logout').expect(503);
  await postgres.mend();
  await redis.mend();
  await eventually(async () => (await visit(site).get('/readyz')).status === 200);
  await browser.get('/profile').expect(200);
  expect(await sessionsOf(id)).toMatchObject([{ status: 'active' }]);
});

async function cookieOf(browser: Browser): Promise<string> {
  const cookie = browser.jar.getCookie('thinga', {
    path: '/',
    domain: '127.0.0.1',
    secure: false,
    script: false,
  });
  return `thinga=${cookie?.value}`;
}

/** Conditions in which Postgres refuses votes, and how to start and end them. */
const conditions = [
  {
    name: 'its disk is full',
    begin: async () => {
      await sql`create function disk_full() returns trigger language plpgsql as $$
        begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`.execute(
        site.db,
      );
      await sql`create trigger disk_full before insert on votes execute function disk_full()`.execute(
        site.db,
      );
    },
    end: () => sql`drop function disk_full cascade`.execute(site.db),
  },
  {
    name: 'it is read-only',
    begin: () => setReadOnly('on'),
    end: () => setReadOnly('off'),
  },
];

for (const { name, begin, end } of conditions)
  itOnBothStores(`says when to try again while Postgres refuses votes because ${name}`, async () => {
    const { browser } = await member(site);
    const { ballot } = pairOn((await browser.get('/vote')).text);
    await begin();
    const answer = await browser.post('/vote').type('form').send({ ballot, choice: 'left' });
    await end();
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
    await browser.post('/vote').type('form').send({ ballot, choice: 'left' }).expect(303);
  });

itOnBothStores('says when to try again after a statement was cancelled', async () => {
  const { browser } = await member(site);
  const { ballot } = pairOn((await browser.get('/vote')).text);
  const vote = async () => browser.post('/vote').type('form').send({ ballot, choice: 'left' });
  const answer = await site.db.transaction().execute(async (trx) => {
    await sql`lock table votes in share mode`.execute(trx);
    const sent = vote();
    await eventually(async () => {
      const { rows } = await sql`select pg_cancel_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`.execute(site.db);
      return rows.length > 0;
    });
    return sent;
  });
  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '5']);
  expect((await vote()).status).toBe(303);
});

// The setting applies to new connections only, so the existing ones are closed.
async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  const database = new URL(site.config.databaseUrl ?? '').pathname.slice(1);
  await onServer(server ?? '', `alter database ${database} set default_transaction_read_only = ${value}`);
  await onServer(
    server ?? '',
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
  );
  await eventually(async () => (await visit(site).get('/readyz')).status === 200);
}
