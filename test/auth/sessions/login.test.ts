import { expect, it } from 'vitest';
import { describeDevice, fingerprint } from '../../../src/auth/sessions/fingerprint.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import { CHROME, FIREFOX, HTMX, itOnRedis, member, read, useSite, visit } from '../../site.js';

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

it('logs in with one cookie that scripts and other sites do not get, and records the session', async () => {
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

it('ends at the browser’s end and within 12 hours unless the person asks to be kept signed in', async () => {
  const { username, password } = await member(site);
  const hours = (row: Awaited<ReturnType<typeof sessionRow>>) =>
    Math.round(((row?.expiresAt.getTime() ?? 0) - Date.now()) / 3_600_000);
  const short = cookieOf(await logIn(visit(site), { username, password }));
  expect(short).not.toContain('Expires');
  expect(hours(await sessionRow(idIn(short)))).toBe(12);
  const kept = cookieOf(await logIn(visit(site), { username, password, remember: 'yes' }));
  expect(kept).toContain('Expires');
  expect(hours(await sessionRow(idIn(kept)))).toBe(30 * 24);
});

it('answers a wrong password and an unknown name alike, and keeps the name', async () => {
  const { username } = await member(site);
  const wrong = await logIn(visit(site), { username, password: 'not this one at all' });
  const unknown = await logIn(visit(site), { username: 'nobodyhere', password: 'not this one at all' });
  expect(wrong.status).toBe(422);
  expect(unknown.status).toBe(422);
  expect(read(wrong.text)('#login-error').text()).toBe(read(unknown.text)('#login-error').text());
  expect(read(wrong.text)('#username').val()).toBe(username);
  expect(wrong.text.replaceAll(username, '')).toBe(unknown.text.replaceAll('nobodyhere', ''));
});

it('takes any name for a name', async () => {
  for (const username of ['a\0b', '\u{1F600}', ' ', '%', "' or 1=1 --", 'x'.repeat(5000)])
    await logIn(visit(site), { username, password: 'whatever it is' }).expect(422);
});

it('knows a browser it has never heard of by its name, whatever its version', () => {
  const of = (agent: string) => fingerprint(agent, 'a secret');
  expect(of('Lynx/2.9.0 libwww-FM/2.14')).toBe(of('Lynx/2.8.9rel.1 libwww-FM/2.14'));
  expect(of('Lynx/2.9.0')).not.toBe(of(FIREFOX));
  expect(describeDevice('Strange\u009bthing/1.0')).toMatch(/^[\w ]+$/);
});

it('keeps the id only as a hash, in the record as in Redis', async () => {
  const { username, password } = await member(site);
  const id = idIn(cookieOf(await logIn(visit(site), { username, password })));
  const rows = await site.db.selectFrom('sessions').selectAll().execute();
  expect(JSON.stringify(rows)).not.toContain(id);
  expect(JSON.stringify(await site.db.selectFrom('sessionEvents').selectAll().execute())).not.toContain(id);
});

itOnRedis('keeps the session in Redis under a hash, until its next deadline', async () => {
  const { username, password } = await member(site);
  const id = idIn(cookieOf(await logIn(visit(site), { username, password })));
  const keys = (await site.redis?.keys(`${site.prefix}*`)) ?? [];
  expect(keys.join()).not.toContain(id);
  const key = `${site.prefix}session:${hashSessionId(id)}`;
  expect(await site.redis?.get(key)).not.toContain(id);
  const ttl = (await site.redis?.ttl(key)) ?? 0;
  expect(Math.abs(ttl - 2 * 3600)).toBeLessThanOrEqual(2);
});

it('changes the id at log-in, and the one before opens nothing', async () => {
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

it('ends the session of whoever was signed in on this browser before', async () => {
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

it('logs out by POST: the cookie is cleared and dead, the record says why', async () => {
  const { browser, id, username, password } = await member(site);
  const cookie = cookieOf(await logIn(browser, { username, password })).split(';')[0] ?? '';
  await browser.get('/logout').expect(405);
  const answer = await browser.post('/logout').expect(303);
  expect(cookieOf(answer)).toMatch(/^thinga=; Path=\/; Expires=Thu, 01 Jan 1970.*HttpOnly; SameSite=Lax$/);
  expect(answer.headers['clear-site-data']).toBe('"cache", "storage"');
  const page = await visit(site).get('/profile').set('Cookie', cookie);
  expect(page.headers.location).toBe('/login?next=%2Fprofile');
  const part = await visit(site).get('/vote').set('Cookie', cookie).set(HTMX);
  expect(part.status).toBe(401);
  expect(part.headers['hx-redirect']).toMatch(/^\/login/);
  const rows = await site.db.selectFrom('sessions').where('userId', '=', id).selectAll().execute();
  expect(rows.every((row) => row.status === 'inactive' && row.endReason === 'logout' && row.endedAt)).toBe(
    true,
  );
});

it('refuses a session that the record has ended, whatever Redis holds', async () => {
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

it('ends a session that was idle, or old, and tells its holder', async () => {
  const idle = await member(site);
  const old = await member(site);
  const past = new Date(Date.now() - 1000);
  await site.db.updateTable('sessions').set({ idleExpiresAt: past }).where('userId', '=', idle.id).execute();
  await site.db
    .updateTable('sessions')
    .set({ idleExpiresAt: past, expiresAt: past })
    .where('userId', '=', old.id)
    .execute();
  for (const [person, endReason] of [
    [idle, 'idle'],
    [old, 'absolute'],
  ] as const) {
    await person.browser.get('/profile').expect(303);
    const row = await site.db
      .selectFrom('sessions')
      .where('userId', '=', person.id)
      .selectAll()
      .executeTakeFirst();
    expect(row).toMatchObject({ status: 'expired', endReason });
    expect(read((await person.browser.get('/login')).text)('.flash').text()).toContain('You were logged out');
  }
});

it('ends a session that another browser offers, but not one whose browser was updated', async () => {
  const { browser, id } = await member(site, { userAgent: FIREFOX });
  await browser.get('/profile').set('User-Agent', FIREFOX.replaceAll('140', '141')).expect(200);
  await browser.get('/profile').set('User-Agent', CHROME).expect(303);
  await browser.get('/profile').expect(303);
  const row = await site.db.selectFrom('sessions').where('userId', '=', id).selectAll().executeTakeFirst();
  expect(row).toMatchObject({ status: 'inactive', endReason: 'fingerprint' });
});

itOnRedis('signs nobody out when Redis forgets everything', async () => {
  const { browser, id } = await member(site);
  const keys = (await site.redis?.keys(`${site.prefix}*`)) ?? [];
  await site.redis?.del(...keys);
  await browser.get('/profile').expect(200);
  await browser.get('/profile').expect(200);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toEqual(['login', 'rebuilt']);
});

it('takes ids that were never issued for nobody, and slows down whoever tries many', async () => {
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

it('sets no cookie and keeps nothing for visitors', async () => {
  const count = async () => (await site.redis?.keys(`${site.prefix}session:*`))?.length;
  const before = await count();
  for (const path of ['/', '/login', '/register', '/top', '/topics', '/nowhere', '/vote', '/healthz']) {
    const answer = await visit(site).get(path);
    expect([path, answer.headers['set-cookie']]).toEqual([path, undefined]);
  }
  expect(await count()).toBe(before);
});

it('goes after log-in only to a path of this site', async () => {
  const { username, password } = await member(site);
  const to = async (next: unknown) => {
    const answer = await logIn(visit(site), { username, password, next });
    return answer.headers.location;
  };
  expect(await to('/topics/foods/top?a=b#c')).toBe('/topics/foods/top?a=b#c');
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
  for (const next of hostile) expect([next, await to(next)]).toEqual([next, '/vote']);
  expect((await logIn(visit(site), { username, password, next: ['/a', '/b'] })).status).toBe(400);
  const signedIn = (await member(site)).browser;
  for (const next of hostile)
    expect((await signedIn.get('/login').query({ next })).headers.location).toBe('/');
});
