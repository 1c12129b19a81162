import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { afterEach, beforeAll, expect, it } from 'vitest';
import {
  HTMX,
  itOnPostgres,
  member,
  openSite,
  pairOn,
  rateInOrder,
  read,
  topic,
  useSite,
  visit,
} from '../site.js';

const OPEN_REQUESTS = 2;
// With the second value, the event loop counts as busy all the time.
const site = useSite({ maxOpenRequests: OPEN_REQUESTS, busyUtilization: 0, production: true });
beforeAll(async () => {
  await topic(site);
});

const sockets: Socket[] = [];
let lock: pg.Client | undefined;
const release = async (): Promise<void> => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await lock?.end();
  lock = undefined;
};
afterEach(release);

async function send(form: string): Promise<void> {
  const socket = connect(Number(new URL(site.origin).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  const type = 'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21';
  socket.write(
    `POST /login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\n${type}\r\n\r\n${form}`,
  );
}

/** Sends as many forms as the site works on at once. They wait for a locked table. */
async function overload(): Promise<void> {
  lock = new pg.Client({ connectionString: site.config.databaseUrl });
  await lock.connect();
  await lock.query('begin; lock table users');
  for (let request = 0; request < OPEN_REQUESTS; request++) await send('username=a&password=b');
  while ((await fetch(`${site.origin}/login`)).status !== 503);
}

itOnPostgres(
  'refuses a vote under overload, says that it does not count, and takes it afterwards',
  async () => {
    const { browser } = await member(site);
    const { ballot } = pairOn((await browser.get('/vote').expect(200)).text);
    await overload();
    const refused = await browser.post('/vote').type('form').send({ ballot, choice: 'left' }).expect(503);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThanOrEqual(2);
    expect(refused.headers['content-security-policy']).toContain("default-src 'none'");
    expect(refused.headers['cache-control']).toBe('no-store');
    const page = read(refused.text);
    expect(page('h1').text()).toContain('nothing was saved');
    expect(page('main').text()).toContain('it didn’t count');
    const scripted = await browser.post('/vote').set(HTMX).type('form').send({ ballot, choice: 'left' });
    expect([scripted.status, scripted.headers['hx-retarget']]).toEqual([503, '#notice']);
    expect(scripted.text).toContain('it didn’t count');
    expect(scripted.text).not.toContain('<html');
    expect(await site.db.selectFrom('votes').select('id').execute()).toEqual([]);
    await release();
    let status = 503;
    while (status === 503)
      ({ status } = await browser.post('/vote').type('form').send({ ballot, choice: 'left' }));
    expect(status).toBe(303);
    expect(await site.db.selectFrom('votes').select('id').execute()).toHaveLength(1);
  },
);

itOnPostgres('goes on with health checks, files and ready pages under overload', async () => {
  await rateInOrder(site);
  const page = read((await visit(site).get('/top').expect(200)).text);
  const sheet = page('link[rel=stylesheet]').attr('href') ?? '';
  await overload();
  for (const path of ['/healthz', '/readyz', sheet, '/pictures/pizza.svg', '/top'])
    expect([path, (await visit(site).get(path)).status]).toEqual([path, 200]);
  const data = await visit(site).get('/api/topics').expect(503);
  expect(data.headers['content-type']).toContain('application/problem+json');
  expect(data.body).toMatchObject({ status: 503, title: 'Service Unavailable' });
});

itOnPostgres('shows nobody the address that another visitor asked for', async () => {
  await overload();
  await visit(site).get('/join/a-secret-of-somebody').expect(503);
  const { text } = await visit(site).get('/login').expect(503);
  expect(text).not.toContain('secret-of-somebody');
});

it('counts no form that has not arrived yet', async () => {
  for (let request = 0; request < 2 * OPEN_REQUESTS; request++) await send('username=a');
  const { browser } = await member(site);
  const { ballot } = pairOn((await browser.get('/vote').expect(200)).text);
  await browser.post('/vote').type('form').send({ ballot, choice: 'left' }).expect(303);
});

it('refuses nothing while the event loop has time', async () => {
  const idle = await openSite({ maxOpenRequests: 1, busyUtilization: 1.1 }, { storesOf: site });
  const answers = await Promise.all(Array.from({ length: 20 }, () => visit(idle).get('/login')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await idle.close();
});
