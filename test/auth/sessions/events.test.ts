import { beforeAll, expect, it } from 'vitest';
import { recordEvent } from '../../../src/auth/audit/record-event.js';
import { CHROME, FIREFOX, member, read, topic, useSite, visit } from '../../site.js';

const site = useSite();
beforeAll(async () => {
  await topic(site);
});

const kinds = async (userId: number | null): Promise<string[]> => {
  const rows = await site.db
    .selectFrom('sessionEvents')
    .where('userId', userId === null ? 'is' : '=', userId)
    .select('kind')
    .orderBy('id')
    .execute();
  return rows.map(({ kind }) => kind);
};

it('records a failed log-in for the user with that name, or for nobody when the name is unknown', async () => {
  const { browser, id, username } = await member(site);
  const before = (await kinds(null)).length;
  const logIn = (name: string) =>
    visit(site).post('/login').type('form').send({ username: name, password: 'wrong guess' });
  await logIn(username).expect(422);
  await logIn('nobody-has-this').expect(422);
  expect(await kinds(id)).toEqual(['login', 'login-failed']);
  expect((await kinds(null)).slice(before)).toEqual(['login-failed']);
  const page = await browser.get('/profile/sessions').expect(200);
  expect(read(page.text)('#activity').parent().text()).toContain('Log-in failed: wrong password');
});

it('records a request that another site sent', async () => {
  const before = (await kinds(null)).length;
  await visit(site).post('/vote').set('Sec-Fetch-Site', 'cross-site').type('form').send({}).expect(403);
  expect((await kinds(null)).slice(before)).toEqual(['cross-site']);
});

it('records device and address without control characters', async () => {
  const agent = `${CHROME}\u001b[31m`;
  const { id } = await member(site, { userAgent: agent.replace('\u001b', '') });
  const row = await site.db
    .selectFrom('sessionEvents')
    .innerJoin('sessionEventOrigins', 'eventId', 'id')
    .where('userId', '=', id)
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(row).toMatchObject({ kind: 'login', device: 'Chrome on Windows', address: '127.0.0.1' });
  expect(row.at.getTime()).toBeLessThanOrEqual(Date.now());
  expect(JSON.stringify(row)).not.toMatch(/\p{Cc}/u);
});

it('never shows the name that a stranger’s browser gives itself', async () => {
  const { browser, username } = await member(site);
  const stranger = visit(site, { userAgent: 'Hacked! Reset your password at thinga-help.example/1 x' });
  await stranger.post('/login').type('form').send({ username, password: 'wrong guess' }).expect(422);
  const { text } = await browser.get('/profile/sessions').expect(200);
  expect(text).not.toContain('Hacked');
  expect(read(text)('#activity').parent().text()).toContain('on An unknown browser on an unknown system');
});

it('lists many failed log-ins as one entry, so that they hide no other entries', async () => {
  const { browser, id, username, password } = await member(site);
  await visit(site, { userAgent: CHROME })
    .post('/login')
    .type('form')
    .send({ username, password })
    .expect(303);
  for (let guess = 0; guess < 40; guess++) {
    const client = { userAgent: FIREFOX, device: 'Firefox on Linux', address: `192.0.2.${guess}` };
    const kind = guess % 4 ? 'login-throttled' : 'login-failed';
    await recordEvent(site.db, { kind, userId: id, sessionId: null, client });
  }
  await recordEvent(site.db, { kind: 'drift', userId: id, sessionId: null });
  const $ = read((await browser.get('/profile/sessions').expect(200)).text);
  const lines = $('#activity ~ ol li')
    .map((_index, line) => $(line).text().replace(/\s+/g, ' ').trim())
    .get();
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/already ended \d+ \w+ \d+, \d\d:\d\d UTC$/);
  expect(lines[1]).toMatch(/^40 log-ins failed.* on Firefox on Linux.* from several places$/);
  expect(lines[2]).toMatch(
    /^Logged in on Chrome on Windows.*This wasn’t me: Logged in on Chrome on Windows,/,
  );
});

it('refuses to change or delete an event', async () => {
  const { id } = await member(site);
  const events = site.db.updateTable('sessionEvents').where('userId', '=', id);
  await expect(events.set({ kind: 'nothing' }).execute()).rejects.toThrow('append-only');
  await expect(site.db.deleteFrom('sessionEvents').where('userId', '=', id).execute()).rejects.toThrow(
    'append-only',
  );
});

it('lets in another browser in the modes log and off, and records it only in the mode log', async () => {
  for (const mode of ['log', 'off'] as const) {
    site.config.sessionFingerprint = mode;
    const { browser, id } = await member(site, { userAgent: FIREFOX });
    const lastSeenAt = new Date(Date.now() - 90_000);
    await site.db.updateTable('sessions').set({ lastSeenAt }).where('userId', '=', id).execute();
    await browser.get('/profile').set('User-Agent', CHROME).expect(200);
    expect([mode, await kinds(id)]).toEqual([mode, mode === 'log' ? ['login', 'mismatch'] : ['login']]);
  }
  site.config.sessionFingerprint = 'enforce';
});
