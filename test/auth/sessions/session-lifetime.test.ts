import { beforeAll, expect, it } from 'vitest';
import { expireSessions } from '../../../src/auth/sessions/end-sessions.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import { type Browser, HTMX, itOnRedis, member, read, topic, useSite, visit } from '../../site.js';

const site = useSite();
beforeAll(async () => {
  await topic(site);
});

const rowOf = (userId: number) =>
  site.db.selectFrom('sessions').where('userId', '=', userId).selectAll().executeTakeFirstOrThrow();

const updateRow = (userId: number, values: object) =>
  site.db.updateTable('sessions').set(values).where('userId', '=', userId).execute();

const idIn = (browser: Browser): string => {
  const cookie = browser.jar.getCookie('thinga', {
    path: '/',
    domain: '127.0.0.1',
    secure: false,
    script: false,
  });
  return (
    decodeURIComponent(cookie?.value ?? '')
      .slice(2)
      .split('.')[0] ?? ''
  );
};

itOnRedis('moves the idle deadline with each visit, in both stores, and never the absolute one', async () => {
  const { browser, id } = await member(site);
  const started = await rowOf(id);
  await updateRow(id, {
    lastSeenAt: new Date(Date.now() - 90_000),
    idleExpiresAt: new Date(Date.now() + 60_000),
  });
  await browser.get('/profile').expect(200);
  const moved = await rowOf(id);
  expect(moved.expiresAt).toEqual(started.expiresAt);
  expect(moved.idleExpiresAt.getTime()).toBeGreaterThan(Date.now() + 119 * 60_000);
  const ttl = (await site.redis?.ttl(`${site.prefix}session:${moved.accessTokenHash}`)) ?? 0;
  expect(Math.abs(ttl - 2 * 3600)).toBeLessThanOrEqual(2);

  const soon = new Date(Date.now() + 600_000);
  await updateRow(id, { lastSeenAt: new Date(Date.now() - 90_000), expiresAt: soon, idleExpiresAt: soon });
  await browser.get('/profile').expect(200);
  expect((await rowOf(id)).idleExpiresAt).toEqual(soon);
});

it('tells how long the session lasts, and moves the deadline only when the user asks for it', async () => {
  const { browser, id } = await member(site);
  const soon = { lastSeenAt: new Date(Date.now() - 90_000), idleExpiresAt: new Date(Date.now() + 100_000) };
  await updateRow(id, soon);
  const current = '/profile/sessions/current';
  const polled = await browser.get(current).set('Thinga-Poll', 'true').expect(204);
  expect(Math.abs(Number(polled.headers['thinga-session-seconds']) - 100)).toBeLessThan(20);
  expect(await rowOf(id)).toMatchObject(soon);
  const stayed = await browser.post(current).expect(204);
  expect(Math.abs(Number(stayed.headers['thinga-session-seconds']) - 7200)).toBeLessThan(20);
  expect((await rowOf(id)).idleExpiresAt.getTime()).toBeGreaterThan(Date.now() + 7_000_000);
  await visit(site).get(current).expect(401);
  await visit(site).post(current).expect(401);
});

it('names the time on pages with forms, and before the log-in', async () => {
  const { browser, username, password } = await member(site);
  const page = read((await browser.get('/profile/password').expect(200)).text);
  expect(Number(page('#session-end').attr('data-seconds'))).toBeGreaterThan(7_000);
  expect(page('noscript').text()).toMatch(/logged out in (2 hours|11\d minutes)/);
  for (const path of ['/login', '/register']) {
    const form = read((await visit(site).get(path).expect(200)).text);
    expect(form('#remember-hint').text()).toContain('after 2 hours without activity');
  }
  const lasting = visit(site);
  await lasting.post('/login').type('form').send({ username, password, remember: 'yes' }).expect(303);
  const answer = await lasting.get('/profile/password').expect(200);
  expect(answer.headers['thinga-session-seconds']).toBeUndefined();
  expect(read(answer.text)('#session-end')).toHaveLength(0);
});

it('writes "last active" at most once a minute', async () => {
  const { browser, id } = await member(site);
  const before = await rowOf(id);
  for (let request = 0; request < 3; request++) await browser.get('/profile').expect(200);
  expect(await rowOf(id)).toEqual(before);
});

it('marks an expired session once, even when several processes do it at the same time', async () => {
  const { browser, id } = await member(site);
  await updateRow(id, { idleExpiresAt: new Date(Date.now() - 1000) });
  await Promise.all([expireSessions(site.db), expireSessions(site.db), expireSessions(site.db)]);
  expect(await rowOf(id)).toMatchObject({ status: 'expired', endReason: 'idle' });
  const events = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .select('kind')
    .orderBy('id')
    .execute();
  expect(events.map(({ kind }) => kind)).toEqual(['login', 'expired']);
  await browser.get('/profile').expect(303);
});

it('refuses a session whose row is gone, and records it', async () => {
  const { browser, id } = await member(site);
  await updateRow(id, { accessTokenHash: hashSessionId(`gone ${id}`) });
  await browser.get('/profile').expect(303);
  const drift = site.db.selectFrom('sessionEvents').where('kind', '=', 'drift').select('id');
  if (site.redis) expect((await drift.execute()).length).toBeGreaterThan(0);
});

it('never shows the session id, and accepts it only from the cookie', async () => {
  const { browser } = await member(site);
  const id = idIn(browser);
  expect(id).toHaveLength(43);
  for (const path of [
    '/',
    '/vote',
    '/top',
    '/profile',
    '/profile/sessions',
    '/profile/password',
    '/nowhere',
  ]) {
    const { text, headers } = await browser.get(path);
    expect(text).not.toContain(id);
    expect(JSON.stringify({ ...headers, 'set-cookie': '' })).not.toContain(id);
  }
  await visit(site)
    .get(`/profile?thinga=${id}&sid=${id}`)
    .set({ 'X-Session-Id': id, Authorization: `Bearer ${id}` })
    .expect(303);
  await visit(site)
    .post('/profile/sessions/end-others')
    .type('form')
    .send({ thinga: id, sid: id })
    .expect(303);
});

it('keeps one session for pages, fragments, history and changed headers', async () => {
  const { browser, id } = await member(site);
  await browser.get('/vote').expect(200);
  await browser.get('/vote').set(HTMX).expect(200);
  await browser
    .get('/vote')
    .set({ 'HX-Request': 'true', 'HX-Boosted': 'true', 'HX-Request-Type': 'full' })
    .expect(200);
  await browser
    .get('/vote')
    .set({ 'HX-Request': 'true', 'HX-History-Restore-Request': 'true', 'HX-Request-Type': 'full' })
    .expect(200);
  await browser.post('/vote').set(HTMX).type('form').send({ ballot: 'x', choice: 'left' }).expect(422);
  for (const header of [
    { 'Accept-Language': 'ja' },
    { 'Accept-Encoding': 'br' },
    { 'Sec-CH-UA': '"X";v="1"' },
  ])
    await browser.get('/profile').set(header).expect(200);
  expect((await rowOf(id)).status).toBe('active');
});
