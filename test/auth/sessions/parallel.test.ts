import { sql } from 'kysely';
import { expect } from 'vitest';
import { endAllSessions } from '../../../src/auth/sessions/devices.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import {
  FIREFOX,
  itOnPostgres,
  itOnRedis,
  member,
  openSite,
  type Site,
  useSite,
  whileHeld,
} from '../../site.js';

// Checking a password takes a moment, so that what is sent meanwhile comes in between.
const site = useSite({ passwordCost: 6, trustProxy: 1 });

interface Answer {
  status: number;
  location: string;
}

/** A browser that has several requests under way at once: each answer's cookies count when it arrives. */
class Tabs {
  cookie = '';
  /** Every value its session cookie ever had. */
  readonly all = new Set<string>();

  async send(path: string, fields?: Record<string, string>, { at = site } = {}): Promise<Answer> {
    const answer = await fetch(at.origin + path, {
      method: fields ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        'User-Agent': FIREFOX,
        'Sec-Fetch-Site': 'same-origin',
        'X-Forwarded-For': `10.0.${Math.floor(requests / 250) % 250}.${requests++ % 250}`,
        ...(this.cookie && { Cookie: `thinga=${this.cookie}` }),
      },
      ...(fields && { body: new URLSearchParams(fields) }),
    });
    for (const header of answer.headers.getSetCookie()) {
      const value = /^thinga=([^;]*)/.exec(header)?.[1];
      if (value === undefined) continue;
      this.cookie = value;
      if (value) this.all.add(value);
    }
    await answer.text();
    return { status: answer.status, location: answer.headers.get('location') ?? '' };
  }

  /** Sends, and goes where it is sent. */
  async follow(path: string, fields?: Record<string, string>): Promise<Answer> {
    const answer = await this.send(path, fields);
    return answer.status === 303 ? this.send(answer.location) : answer;
  }
}

let requests = 0;

interface Person {
  username: string;
  password: string;
  id: number;
}

async function logIn({ username, password }: Person, at = site, remember = ''): Promise<Tabs> {
  const tabs = new Tabs();
  const { status } = await tabs.send('/login', { username, password, remember }, { at });
  expect(status).toBe(303);
  return tabs;
}

/** Which of a browser's cookies still let anybody in. */
async function opening(cookies: Iterable<string>, at = site): Promise<string[]> {
  const open: string[] = [];
  for (const cookie of cookies) {
    const tabs = new Tabs();
    tabs.cookie = cookie;
    if ((await tabs.send('/profile', undefined, { at })).status === 200) open.push(cookie);
  }
  return open;
}

/** As if the password had been given a while ago, and Redis had forgotten everything since. */
async function letTimePass({ id }: Person): Promise<void> {
  await sql`update sessions set confirmed_at = now() - interval '11 minutes' where user_id = ${id}`.execute(
    site.db,
  );
  const keys = (await site.redis?.keys(`${site.prefix}session:*`)) ?? [];
  if (keys.length > 0) await site.redis?.del(...keys);
}

const liveRows = (userId: number) =>
  site.db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .select(['accessTokenHash', 'publicId'])
    .orderBy('id')
    .execute();

const idIn = (cookie: string): string => decodeURIComponent(cookie).slice(2).split('.')[0] ?? '';

itOnPostgres('answers five requests around a change of password, and leaves one live id', async () => {
  for (let round = 0; round < 5; round++) {
    const person = await member(site);
    await person.browser.post('/logout').expect(303);
    const tabs = await logIn(person);
    const next = { current: person.password, password: `another phrase ${round}` };
    const answers = await Promise.all([
      tabs.send('/profile/password', next),
      tabs.send('/profile'),
      tabs.send('/profile/password', next),
      tabs.send('/profile/sessions'),
      tabs.send('/api/me'),
    ]);
    for (const { status } of answers) expect([200, 303, 401, 422]).toContain(status);
    const open = await opening(tabs.all);
    expect(open).toEqual([tabs.cookie]);
    expect(await liveRows(person.id)).toMatchObject([
      { accessTokenHash: hashSessionId(idIn(open[0] ?? '')) },
    ]);
  }
});

itOnRedis('answers five requests around a confirmation, and leaves one live id', async () => {
  for (let round = 0; round < 5; round++) {
    const person = await member(site);
    await person.browser.post('/logout').expect(303);
    const tabs = await logIn(person);
    await letTimePass(person);
    const { password } = person;
    const answers = await Promise.all([
      tabs.follow('/profile/sessions/end-others', { password }),
      tabs.follow('/profile'),
      tabs.follow('/profile/sessions/end-others', { password }),
      tabs.follow('/profile/sessions'),
      tabs.follow('/profile/sessions/end-others', { password }),
    ]);
    for (const { status } of answers) expect([200, 303, 401, 422]).toContain(status);
    const open = await opening(tabs.all);
    expect(open).toEqual([tabs.cookie]);
    expect(await liveRows(person.id)).toMatchObject([
      { accessTokenHash: hashSessionId(idIn(open[0] ?? '')) },
    ]);
  }
});

itOnRedis('does what each of two sudo at once asks for', async () => {
  const person = await member(site);
  await person.browser.post('/logout').expect(303);
  const [tabs] = [await logIn(person), await logIn(person), await logIn(person)];
  await letTimePass(person);
  const { password } = person;
  const kept = hashSessionId(idIn(tabs.cookie));
  const others = (await liveRows(person.id)).filter(({ accessTokenHash }) => accessTokenHash !== kept);
  const ends = others.map(
    ({ publicId }) =>
      () =>
        tabs.send(`/profile/sessions/${publicId}/end`, { password }),
  );
  const answers = await whilePersonHeld(person, ends);
  for (const answer of answers) expect(answer).toEqual({ status: 303, location: '/profile/sessions' });
  expect(await liveRows(person.id)).toHaveLength(1);
  expect(await opening(tabs.all)).toEqual([tabs.cookie]);
});

/** Lets nobody change a person's sessions until all requests wait to, so that none of them is early. */
const whilePersonHeld = ({ id }: Person, requests: (() => Promise<Answer>)[]): Promise<Answer[]> =>
  whileHeld(site, sql`select from users where id = ${id} for no key update`, requests);

itOnPostgres('opens no session with a password that is changed meanwhile', async () => {
  const person = await member(site);
  const [owner, thief] = [await logIn(person), new Tabs()];
  const { username, password } = person;
  const [changed, loggedIn] = await whilePersonHeld(person, [
    () => owner.send('/profile/password', { current: password, password: 'another long phrase' }),
    () => thief.send('/login', { username, password }),
  ]);
  expect([changed?.status, loggedIn?.status]).toEqual([303, 422]);
  expect(await liveRows(person.id)).toHaveLength(1);
  expect(await opening([...owner.all, ...thief.all])).toEqual([owner.cookie]);
});

itOnPostgres('lets one of two changes of a password win, and neither with one that is gone', async () => {
  const person = await member(site);
  const [one, other] = [await logIn(person), await logIn(person)];
  const { password: current } = person;
  const answers = await whilePersonHeld(person, [
    () => one.send('/profile/password', { current, password: 'the first phrase' }),
    () => other.send('/profile/password', { current, password: 'the second phrase' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([303, 422]);
  expect(await opening([...one.all, ...other.all])).toEqual([one.cookie]);
  await logIn({ ...person, password: 'the first phrase' });
});

itOnPostgres('keeps to twenty sessions, however many begin at once', async () => {
  const person = await member(site);
  for (let device = 1; device < 20; device++) await logIn(person);
  const { username, password } = person;
  const logIns = Array.from({ length: 6 }, () => () => new Tabs().send('/login', { username, password }));
  // Held against every use of the row, so that all six come to write their sessions at once.
  const held = sql`select from users where id = ${person.id} for update`;
  for (const { status } of await whileHeld(site, held, logIns)) expect(status).toBe(303);
  expect(await liveRows(person.id)).toHaveLength(20);
});

itOnPostgres('ends everybody’s sessions while people end their own, change passwords and leave', async () => {
  const deeds: [string, (person: Person) => Record<string, string>][] = [
    ['/profile/sessions/end-others', () => ({})],
    ['/profile/password', ({ password }) => ({ current: password, password: 'another long phrase' })],
    ['/profile/close', ({ id }) => ({ votes: 'keep', person: String(id) })],
  ];
  for (const [path, fields] of deeds) {
    const person = await member(site);
    const [tabs, second, third] = [await logIn(person), await logIn(person), await logIn(person)];
    const [first, , held] = await liveRows(person.id);
    // Used just now, the oldest is the last to time out: whoever takes them by that takes another order.
    await site.db
      .updateTable('sessions')
      .where('publicId', '=', first?.publicId ?? '')
      .set(({ ref }) => ({ lastSeenAt: new Date(), idleExpiresAt: ref('expiresAt') }))
      .execute();
    const [ended, answer] = await whileHeld<unknown>(
      site,
      sql`select from sessions where public_id = ${held?.publicId} for update`,
      [() => endAllSessions(site.db, 'operator'), () => tabs.send(path, fields(person))],
    );
    expect([path, ended, answer]).toEqual([
      path,
      expect.any(Number),
      expect.objectContaining({ status: 303 }),
    ]);
    expect(await opening([tabs, second, third].flatMap(({ all }) => [...all]))).toEqual([]);
  }
});

itOnRedis('keeps no state of a session that confirms and ends itself', async () => {
  for (const remember of ['', 'yes']) {
    const person = await member(site);
    await person.browser.post('/logout').expect(303);
    const tabs = await logIn(person, site, remember);
    await letTimePass(person);
    const [row] = await liveRows(person.id);
    await tabs.send(`/profile/sessions/${row?.publicId}/end`, { password: person.password });
    expect(await liveRows(person.id)).toEqual([]);
    expect(tabs.all.size).toBe(2);
    for (const cookie of tabs.all)
      expect(await site.redis?.exists(`${site.prefix}session:${hashSessionId(idIn(cookie))}`)).toBe(0);
  }
});

itOnRedis('stays logged out, whatever was still under way', async () => {
  for (let round = 0; round < 50; round++) {
    const person = await member(site);
    await person.browser.post('/logout').expect(303);
    const tabs = await logIn(person);
    const before = tabs.cookie;
    await letTimePass(person);
    const { password } = person;
    const slow = [
      tabs.send('/profile/sessions/end-others', { password }),
      tabs.send('/profile/password', { current: password, password: `${password}!` }),
      tabs.send('/profile'),
    ];
    await new Promise((resolve) => setTimeout(resolve, round % 20));
    const old = new Tabs();
    old.cookie = before;
    const out = await old.send('/logout', {});
    expect(await liveRows(person.id)).toEqual([]);
    const answers = await Promise.all(slow);
    for (const { status } of [out, ...answers]) expect([200, 303, 401, 422]).toContain(status);
    expect(await opening([before, ...tabs.all])).toEqual([]);
  }
});

itOnRedis('lets two processes hear of each other at the next request', async () => {
  const other = await openSite({}, { beside: site });
  try {
    await crossOver(other);
  } finally {
    await other.close();
  }
});

async function crossOver(other: Site): Promise<void> {
  const person = await member(site);
  await person.browser.post('/logout').expect(303);
  const here = await logIn(person);
  const there = await logIn(person, other);
  // Each opens on both, and ends on both.
  for (const at of [site, other])
    expect(await opening([here.cookie, there.cookie], at)).toEqual([here.cookie, there.cookie]);
  expect((await there.send('/profile/sessions/end-others', {}, { at: other })).status).toBe(303);
  expect(await opening([here.cookie, there.cookie])).toEqual([there.cookie]);

  const back = await logIn(person);
  expect((await back.send('/logout', {})).status).toBe(303);
  for (const at of [other, site]) expect(await opening(back.all, at)).toEqual([]);

  // A change of password gives a new id here, and ends what the other process let in.
  const writer = await logIn(person);
  const [before] = writer.all;
  const next = { current: person.password, password: 'another long phrase' };
  expect((await writer.send('/profile/password', next)).status).toBe(303);
  expect(await opening([before ?? '', there.cookie], other)).toEqual([]);
  expect(await opening([writer.cookie], other)).toEqual([writer.cookie]);
}
