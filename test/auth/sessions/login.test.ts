import { expect, it } from 'vitest';
import { describeDevice, fingerprint } from '../../../src/auth/sessions/fingerprint.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import {
  CHROME,
  FIREFOX,
  HTMX,
  itOnRedis,
  keysOf,
  loseKeys,
  member,
  read,
  useSite,
  visit,
} from '../../site.js';

const site = useSite();

const logIn = (browser: ReturnType<typeof visit>, form: object) =>
  browser.post('/login').type('form').send(form);

function cookieOf(answer: { headers: Record<string, unknown> }): string {
  const all = (answer.headers['set-cookie'] ?? []) as string[];
  return all.find((cookie) => cookie.startsWith('thinga=')) ?? '';
}

const idIn = (cookie: string): string =>
  decodeURIComponent(/thinga=([^;]*)/.exec(cookie)?.[1] ?? '')
    .slice(2)
    .split('.')[0] ?? '';

async function sessionRow(id: string) {
  return site.db
    .selectFrom('sessions')
    .where('accessTokenHash', '=', hashSessionId(id))
    .selectAll()
    .executeTakeFirst();
}

it('sets one cookie that scripts and other sites do not get, and records the session', async () => {
  const { username, password, id } = await member(site);
  const answer = await logIn(visit(site), { username, password });
  expect(answer.status).toBe(303);
  expect(answer.headers.location).toBe('/vote');
  const cookie = cookieOf(answer);
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/);
  expect(Buffer.from(idIn(cookie), 'base64url')).toHaveLength(32);
  expect(await sessionRow(idIn(cookie))).toMatchObject({
    userId: id,
    status: 'active',
    endReason: null,
    device: 'Firefox on Linux',
    clientFingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

it('ends a session with the browser and within 12 hours unless the user asks to stay logged in', async () => {
  const { username, password } = await member(site);
  const hours = (row: Awaited<ReturnType<typeof sessionRow>>) =>
    Math.round(((row?.expiresAt.getTime() ?? 0) - Date.now()) / 3_600_000);
  const short = cookieOf(await logIn(visit(site), { username, password }));
  expect(short).not.toContain('Expires');
  expect(hours(await sessionRow(idIn(short)))).toBe(12);
  const long = cookieOf(await logIn(visit(site), { username, password, remember: 'yes' }));
  expect(long).toContain('Expires');
  expect(hours(await sessionRow(idIn(long)))).toBe(30 * 24);
});

it('answers a wrong password and an unknown name in the same way, and keeps the name in the form', async () => {
  const { username } = await member(site);
  const wrong = await logIn(visit(site), { username, password: 'not this one at all' });
  const unknown = await logIn(visit(site), { username: 'nobodyhere', password: 'not this one at all' });
  expect(wrong.status).toBe(422);
  expect(unknown.status).toBe(422);
  expect(read(wrong.text)('#login-error').text()).toBe(read(unknown.text)('#login-error').text());
  expect(read(wrong.text)('#username').val()).toBe(username);
  expect(wrong.text.replaceAll(username, '')).toBe(unknown.text.replaceAll('nobodyhere', ''));
});

it('refuses a log-in with any strange name', async () => {
  for (const username of ['a\0b', '\u{1F600}', ' ', '%', "' or 1=1 --", 'x'.repeat(5000)])
    await logIn(visit(site), { username, password: 'whatever it is' }).expect(422);
});

it('recognises an unknown browser by its name, whatever its version', () => {
  const fingerprintOf = (agent: string) => fingerprint(agent, 'a secret');
  expect(fingerprintOf('Lynx/2.9.0 libwww-FM/2.14')).toBe(fingerprintOf('Lynx/2.8.9rel.1 libwww-FM/2.14'));
  expect(fingerprintOf('Lynx/2.9.0')).not.toBe(fingerprintOf(FIREFOX));
  expect(describeDevice('Strange\u009bthing/1.0')).toMatch(/^[\w ]+$/);
});

it('stores the session id only as a hash', async () => {
  const { username, password } = await member(site);
  const id = idIn(cookieOf(await logIn(visit(site), { username, password })));
  const rows = await site.db.selectFrom('sessions').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(id);
  expect(JSON.stringify(await site.db.selectFrom('sessionEvents').selectAll().execute())).not.toContain(id);
});

itOnRedis('stores the session in Redis under a hash, until its next deadline', async () => {
  const { username, password } = await member(site);
  const id = idIn(cookieOf(await logIn(visit(site), { username, password })));
  const keys = await keysOf(site);
  expect(keys.join()).not.toContain(id);
  const key = `${site.prefix}session:${hashSessionId(id)}`;
  expect(await site.redis?.get(key)).not.toContain(id);
  const ttl = (await site.redis?.ttl(key)) ?? 0;
  expect(Math.abs(ttl - 2 * 3600)).toBeLessThanOrEqual(2);
});

it('changes the session id at log-in, and the old one is invalid', async () => {
  const { browser, username, password } = await member(site);
  const before = cookieOf(await logIn(browser, { username, password }));
  const after = cookieOf(await logIn(browser, { username, password }));
  expect(idIn(after)).not.toBe(idIn(before));
  const stale = await visit(site)
    .get('/profile')
    .set('Cookie', before.split(';')[0] ?? '');
  expect(stale.status).toBe(303);
  expect(await sessionRow(idIn(before))).toMatchObject({ status: 'inactive', endReason: 'logout' });
});

it('ends the session of the user who was logged in on this browser before', async () => {
  const first = await member(site);
  const second = await member(site);
  await logIn(first.browser, { username: second.username, password: second.password }).expect(303);
  const profile = await first.browser.get('/profile').expect(200);
  expect(read(profile.text)('h1').text()).toBe(second.username);
  const ended = await site.db
    .selectFrom('sessions')
    .where('userId', '=', first.id)
    .select('endReason')
    .execute();
  expect(ended).toEqual([{ endReason: 'logout' }]);
});

it('logs out by POST: the cookie is cleared and invalid, and the row says why', async () => {
  const { browser, id, username, password } = await member(site);
  const cookie = cookieOf(await logIn(browser, { username, password })).split(';')[0] ?? '';
  await browser.get('/logout').expect(405);
  const answer = await browser.post('/logout').expect(303);
  expect(cookieOf(answer)).toMatch(/^thinga=; Path=\/; Expires=Thu, 01 Jan 1970.*HttpOnly; SameSite=Lax$/);
  expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
  const page = await visit(site).get('/profile').set('Cookie', cookie);
  expect(page.headers.location).toBe('/login?next=%2Fprofile');
  const fragment = await visit(site).get('/vote').set('Cookie', cookie).set(HTMX);
  expect(fragment.status).toBe(401);
  expect(fragment.headers['hx-redirect']).toMatch(/^\/login/);
  const rows = await site.db.selectFrom('sessions').where('userId', '=', id).selectAll().execute();
  expect(rows.every((row) => row.status === 'inactive' && row.endReason === 'logout' && row.endedAt)).toBe(
    true,
  );
});

it('refuses a session that has ended in Postgres, whatever Redis holds', async () => {
  const { browser, id } = await member(site);
  await site.db
    .updateTable('sessions')
    .set({ status: 'inactive', endReason: 'revoked', endedAt: new Date() })
    .where('userId', '=', id)
    .execute();
  await browser.get('/profile').expect(303);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toContain('drift');
  const login = await browser.get('/login');
  expect(read(login.text)('.flash').text()).toContain('from another of your devices');
  expect(read((await visit(site).get('/login')).text)('.flash')).toHaveLength(0);
});

it('ends a session past its idle or absolute deadline, and tells its holder', async () => {
  const idle = await member(site);
  const old = await member(site);
  const past = new Date(Date.now() - 1000);
  await site.db.updateTable('sessions').set({ idleExpiresAt: past }).where('userId', '=', idle.id).execute();
  await site.db
    .updateTable('sessions')
    .set({ idleExpiresAt: past, expiresAt: past })
    .where('userId', '=', old.id)
    .execute();
  for (const [user, endReason] of [
    [idle, 'idle'],
    [old, 'absolute'],
  ] as const) {
    await user.browser.get('/profile').expect(303);
    const row = await site.db
      .selectFrom('sessions')
      .where('userId', '=', user.id)
      .selectAll()
      .executeTakeFirst();
    expect(row).toMatchObject({ status: 'expired', endReason });
    expect(read((await user.browser.get('/login')).text)('.flash').text()).toContain('You were logged out');
  }
});

it('ends a session when another browser uses it, but not after a browser update', async () => {
  const { browser, id } = await member(site, { userAgent: FIREFOX });
  await browser.get('/profile').set('User-Agent', FIREFOX.replaceAll('140', '141')).expect(200);
  await browser.get('/profile').set('User-Agent', CHROME).expect(303);
  await browser.get('/profile').expect(303);
  const row = await site.db.selectFrom('sessions').where('userId', '=', id).selectAll().executeTakeFirst();
  expect(row).toMatchObject({ status: 'inactive', endReason: 'fingerprint' });
});

itOnRedis('logs nobody out when Redis loses everything', async () => {
  const { browser, id } = await member(site);
  await loseKeys(site);
  await browser.get('/profile').expect(200);
  await browser.get('/profile').expect(200);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toEqual(['login', 'rebuilt']);
});

it('treats session ids that were never issued as logged out, and throttles visitors who try many', async () => {
  const { browser, username, password } = await member(site);
  const genuine = cookieOf(await logIn(browser, { username, password })).split(';')[0] ?? '';
  const flipped = genuine.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const junk = [
    'thinga=',
    'thinga=s%3A',
    'thinga=*',
    'thinga=../..',
    `thinga=${'x'.repeat(4000)}`,
    'thinga=%00',
    'thinga=s%3Aé.x',
  ];
  for (const cookie of [flipped, genuine.slice(0, -9), ...junk, `thinga=junk; ${flipped}`]) {
    const answer = await visit(site).get('/profile').set('Cookie', encodeURI(cookie).replaceAll('%25', '%'));
    expect([cookie.slice(0, 20), answer.status]).toEqual([cookie.slice(0, 20), 303]);
    expect(cookieOf(answer)).toMatch(/^thinga=;/);
  }
  let refused = 0;
  for (let guess = 0; guess < 110; guess++)
    if ((await visit(site).get('/').set('Cookie', `thinga=s%3Aguess${guess}.x`)).status === 429) refused++;
  expect(refused).toBeGreaterThan(0);
  await browser.get('/profile').expect(200);
});

it('sets no cookie and stores nothing for visitors', async () => {
  const count = async () => (await keysOf(site, 'session:')).length;
  const before = await count();
  for (const path of ['/', '/login', '/register', '/top', '/topics', '/nowhere', '/vote', '/healthz']) {
    const answer = await visit(site).get(path);
    expect([path, answer.headers['set-cookie']]).toEqual([path, undefined]);
  }
  expect(await count()).toBe(before);
});

it('redirects after log-in only to a path of this site', async () => {
  const { username, password } = await member(site);
  const redirectFor = async (next: unknown) => {
    const answer = await logIn(visit(site), { username, password, next });
    return answer.headers.location;
  };
  expect(await redirectFor('/topics/foods/top?a=b#c')).toBe('/topics/foods/top?a=b#c');
  const hostile = [
    '//evil.test',
    '/\\evil.test',
    '\\/evil.test',
    '/%09/evil.test',
    'https:evil.test',
    '/.//evil.test',
    '/x/..//evil.test',
    'javascript:alert(1)',
    '/a\r\nSet-Cookie: b=c',
    '/\t/evil.test',
    'https://evil.test',
  ];
  for (const next of hostile) expect([next, await redirectFor(next)]).toEqual([next, '/vote']);
  expect((await logIn(visit(site), { username, password, next: ['/a', '/b'] })).status).toBe(400);
  const loggedIn = (await member(site)).browser;
  for (const next of hostile)
    expect((await loggedIn.get('/login').query({ next })).headers.location).toBe('/');
});
