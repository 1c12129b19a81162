import { sql } from 'kysely';
import { expect } from 'vitest';
import { endAllSessions } from '../../../src/auth/sessions/end-sessions.js';
import { hashSessionId } from '../../../src/auth/sessions/sessions.js';
import {
  FIREFOX,
  itOnPostgres,
  itOnRedis,
  loseKeys,
  member,
  openSite,
  type Site,
  useSite,
  whileLocked,
} from '../../site.js';

// A password check takes a moment, so that other requests arrive during it.
const site = useSite({ passwordCost: 6, trustProxy: 1 });

interface Answer {
  status: number;
  location: string;
}

/**
 * A browser with several tabs: it sends requests in parallel, and each answer's cookie counts when it
 * arrives.
 */
class Tabs {
  cookie = '';
  /** Every session cookie it has ever had. */
  readonly allCookies = new Set<string>();

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
      if (value) this.allCookies.add(value);
    }
    await answer.text();
    return { status: answer.status, location: answer.headers.get('location') ?? '' };
  }

  /** Sends a request, and follows one redirect. */
  async follow(path: string, fields?: Record<string, string>): Promise<Answer> {
    const answer = await this.send(path, fields);
    return answer.status === 303 ? this.send(answer.location) : answer;
  }
}

let requests = 0;

interface User {
  username: string;
  password: string;
  id: number;
}

async function logIn({ username, password }: User, { at = site, remember = '' } = {}): Promise<Tabs> {
  const tabs = new Tabs();
  const { status } = await tabs.send('/login', { username, password, remember }, { at });
  expect(status).toBe(303);
  return tabs;
}

/** The cookies that still belong to a live session. */
async function validCookies(cookies: Iterable<string>, at = site): Promise<string[]> {
  const valid: string[] = [];
  for (const cookie of cookies) {
    const tabs = new Tabs();
    tabs.cookie = cookie;
    if ((await tabs.send('/profile', undefined, { at })).status === 200) valid.push(cookie);
  }
  return valid;
}

/** Makes the last confirmation 11 minutes old, and deletes all session state from Redis. */
async function expireConfirmation({ id }: User): Promise<void> {
  await sql`update sessions set confirmed_at = now() - interval '11 minutes' where user_id = ${id}`.execute(
    site.db,
  );
  await loseKeys(site, 'session:');
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

itOnPostgres('answers five requests around a password change, and leaves one live session id', async () => {
  for (let round = 0; round < 5; round++) {
    const user = await member(site);
    await user.browser.post('/logout').expect(303);
    const tabs = await logIn(user);
    const next = { current: user.password, password: `another phrase ${round}` };
    const answers = await Promise.all([
      tabs.send('/profile/password', next),
      tabs.send('/profile'),
      tabs.send('/profile/password', next),
      tabs.send('/profile/sessions'),
      tabs.send('/api/me'),
    ]);
    for (const { status } of answers) expect([200, 303, 401, 422]).toContain(status);
    const valid = await validCookies(tabs.allCookies);
    expect(valid).toEqual([tabs.cookie]);
    expect(await liveRows(user.id)).toMatchObject([{ accessTokenHash: hashSessionId(idIn(valid[0] ?? '')) }]);
  }
});

itOnRedis('answers five requests around a confirmation, and leaves one live session id', async () => {
  for (let round = 0; round < 5; round++) {
    const user = await member(site);
    await user.browser.post('/logout').expect(303);
    const tabs = await logIn(user);
    await expireConfirmation(user);
    const { password } = user;
    const answers = await Promise.all([
      tabs.follow('/profile/sessions/end-others', { password }),
      tabs.follow('/profile'),
      tabs.follow('/profile/sessions/end-others', { password }),
      tabs.follow('/profile/sessions'),
      tabs.follow('/profile/sessions/end-others', { password }),
    ]);
    for (const { status } of answers) expect([200, 303, 401, 422]).toContain(status);
    const valid = await validCookies(tabs.allCookies);
    expect(valid).toEqual([tabs.cookie]);
    expect(await liveRows(user.id)).toMatchObject([{ accessTokenHash: hashSessionId(idIn(valid[0] ?? '')) }]);
  }
});

itOnRedis('completes two requests that confirm the password at once', async () => {
  const user = await member(site);
  await user.browser.post('/logout').expect(303);
  const [tabs] = [await logIn(user), await logIn(user), await logIn(user)];
  await expireConfirmation(user);
  const { password } = user;
  const currentHash = hashSessionId(idIn(tabs.cookie));
  const others = (await liveRows(user.id)).filter(({ accessTokenHash }) => accessTokenHash !== currentHash);
  const endRequests = others.map(
    ({ publicId }) =>
      () =>
        tabs.send(`/profile/sessions/${publicId}/end`, { password }),
  );
  const answers = await whileUserLocked(user, endRequests);
  for (const answer of answers) expect(answer).toEqual({ status: 303, location: '/profile/sessions' });
  expect(await liveRows(user.id)).toHaveLength(1);
  expect(await validCookies(tabs.allCookies)).toEqual([tabs.cookie]);
});

/** Locks a user until all requests wait for the lock, so that none of them is early. */
const whileUserLocked = ({ id }: User, requests: (() => Promise<Answer>)[]): Promise<Answer[]> =>
  whileLocked(site, sql`select from users where id = ${id} for no key update`, requests);

itOnPostgres('starts no session with a password that is changed meanwhile', async () => {
  const user = await member(site);
  const [owner, thief] = [await logIn(user), new Tabs()];
  const { username, password } = user;
  const [changed, loggedIn] = await whileUserLocked(user, [
    () => owner.send('/profile/password', { current: password, password: 'another long phrase' }),
    () => thief.send('/login', { username, password }),
  ]);
  expect([changed?.status, loggedIn?.status]).toEqual([303, 422]);
  expect(await liveRows(user.id)).toHaveLength(1);
  expect(await validCookies([...owner.allCookies, ...thief.allCookies])).toEqual([owner.cookie]);
});

itOnPostgres('accepts only the first of two simultaneous password changes', async () => {
  const user = await member(site);
  const [one, other] = [await logIn(user), await logIn(user)];
  const { password: current } = user;
  const answers = await whileUserLocked(user, [
    () => one.send('/profile/password', { current, password: 'the first phrase' }),
    () => other.send('/profile/password', { current, password: 'the second phrase' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([303, 422]);
  expect(await validCookies([...one.allCookies, ...other.allCookies])).toEqual([one.cookie]);
  await logIn({ ...user, password: 'the first phrase' });
});

itOnPostgres('keeps at most twenty sessions, however many start at once', async () => {
  const user = await member(site);
  for (let device = 1; device < 20; device++) await logIn(user);
  const { username, password } = user;
  const logIns = Array.from({ length: 6 }, () => () => new Tabs().send('/login', { username, password }));
  // This lock stops every use of the row, so that all six log-ins write their sessions at once.
  const lock = sql`select from users where id = ${user.id} for update`;
  for (const { status } of await whileLocked(site, lock, logIns)) expect(status).toBe(303);
  expect(await liveRows(user.id)).toHaveLength(20);
});

itOnPostgres('ends all sessions while users end their own, change passwords and close accounts', async () => {
  const actions: [string, (user: User) => Record<string, string>][] = [
    ['/profile/sessions/end-others', () => ({})],
    ['/profile/password', ({ password }) => ({ current: password, password: 'another long phrase' })],
    ['/profile/close', ({ id }) => ({ votes: 'keep', person: String(id) })],
  ];
  for (const [path, fields] of actions) {
    const user = await member(site);
    const [tabs, second, third] = [await logIn(user), await logIn(user), await logIn(user)];
    const [first, , locked] = await liveRows(user.id);
    // The oldest session was used last, so code that takes sessions by their deadline takes them in another
    // order.
    await site.db
      .updateTable('sessions')
      .where('publicId', '=', first?.publicId ?? '')
      .set(({ ref }) => ({ lastSeenAt: new Date(), idleExpiresAt: ref('expiresAt') }))
      .execute();
    const [ended, answer] = await whileLocked<unknown>(
      site,
      sql`select from sessions where public_id = ${locked?.publicId} for update`,
      [() => endAllSessions(site.db, 'operator'), () => tabs.send(path, fields(user))],
    );
    expect([path, ended, answer]).toEqual([
      path,
      expect.any(Number),
      expect.objectContaining({ status: 303 }),
    ]);
    expect(await validCookies([tabs, second, third].flatMap(({ allCookies }) => [...allCookies]))).toEqual(
      [],
    );
  }
});

itOnRedis('deletes the state of a session that confirms the password and ends itself', async () => {
  for (const remember of ['', 'yes']) {
    const user = await member(site);
    await user.browser.post('/logout').expect(303);
    const tabs = await logIn(user, { remember });
    await expireConfirmation(user);
    const [row] = await liveRows(user.id);
    await tabs.send(`/profile/sessions/${row?.publicId}/end`, { password: user.password });
    expect(await liveRows(user.id)).toEqual([]);
    expect(tabs.allCookies.size).toBe(2);
    for (const cookie of tabs.allCookies)
      expect(await site.redis?.exists(`${site.prefix}session:${hashSessionId(idIn(cookie))}`)).toBe(0);
  }
});

itOnRedis('stays logged out, whatever requests were under way', async () => {
  for (let round = 0; round < 50; round++) {
    const user = await member(site);
    await user.browser.post('/logout').expect(303);
    const tabs = await logIn(user);
    const before = tabs.cookie;
    await expireConfirmation(user);
    const { password } = user;
    const slow = [
      tabs.send('/profile/sessions/end-others', { password }),
      tabs.send('/profile/password', { current: password, password: `${password}!` }),
      tabs.send('/profile'),
    ];
    await new Promise((resolve) => setTimeout(resolve, round % 20));
    const old = new Tabs();
    old.cookie = before;
    const out = await old.send('/logout', {});
    expect(await liveRows(user.id)).toEqual([]);
    const answers = await Promise.all(slow);
    for (const { status } of [out, ...answers]) expect([200, 303, 401, 422]).toContain(status);
    expect(await validCookies([before, ...tabs.allCookies])).toEqual([]);
  }
});

itOnRedis(
  'makes a log-out or password change in one process count in the other at the next request',
  async () => {
    const other = await openSite({}, { storesOf: site });
    try {
      await useBothProcesses(other);
    } finally {
      await other.close();
    }
  },
);

async function useBothProcesses(other: Site): Promise<void> {
  const user = await member(site);
  await user.browser.post('/logout').expect(303);
  const here = await logIn(user);
  const there = await logIn(user, { at: other });
  // Each session is valid in both processes, and ends in both.
  for (const at of [site, other])
    expect(await validCookies([here.cookie, there.cookie], at)).toEqual([here.cookie, there.cookie]);
  expect((await there.send('/profile/sessions/end-others', {}, { at: other })).status).toBe(303);
  expect(await validCookies([here.cookie, there.cookie])).toEqual([there.cookie]);

  const back = await logIn(user);
  expect((await back.send('/logout', {})).status).toBe(303);
  for (const at of [other, site]) expect(await validCookies(back.allCookies, at)).toEqual([]);

  // A password change gives this session a new id, and ends the session of the other process.
  const writer = await logIn(user);
  const [before] = writer.allCookies;
  const next = { current: user.password, password: 'another long phrase' };
  expect((await writer.send('/profile/password', next)).status).toBe(303);
  expect(await validCookies([before ?? '', there.cookie], other)).toEqual([]);
  expect(await validCookies([writer.cookie], other)).toEqual([writer.cookie]);
}
