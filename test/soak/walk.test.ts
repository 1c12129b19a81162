import { randomInt } from 'node:crypto';
import type { Redis } from 'ioredis';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { expireSessions, hashSessionId } from '../../src/auth/sessions/sessions.js';
import { type Database, openDatabase } from '../../src/database.js';
import { openRedis } from '../../src/redis.js';
import { proxyTo, type StoreProxy } from '../proxy.js';
import { CHROME, FIREFOX, openSite, type Site } from '../site.js';

const STEPS = Number(process.env.WALK_STEPS ?? 10_000);
const SEED = Number(process.env.WALK_SEED ?? randomInt(2 ** 31));
const CHECK_EVERY = 500;
const MOST_SESSIONS = 20;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface Person {
  id: number;
  username: string;
  password: string;
  passwordHash: string;
  /** Wrong passwords since the last right one: few, so that nobody is made to wait. */
  failures: number;
}

/** What a row of the record must be like. */
interface Session {
  id: number;
  person: Person;
  /** The one cookie that opens it; undefined when a store went away before its browser got it. */
  cookie: Cookie | undefined;
  live: boolean;
}

/** A session cookie that was set once, and the browser it was set in. */
interface Cookie {
  value: string;
  hash: string;
  userAgent: string;
  session: Session;
  /** Redis could not be told that it is over, or was not, because only time passed. */
  mayLinger: boolean;
  /** Redis could not be told of its later deadline. */
  mayForgetEarly: boolean;
}

interface Window {
  userAgent: string;
  cookie: Cookie | undefined;
}

interface Answer {
  /** 0 when the connection broke. */
  status: number;
  location: string;
  text: string;
  /** The value of the session cookie that it sets; empty when it clears it. */
  set: string | undefined;
}

// Both stores are reached through proxies that can be cut; the test itself looks at the servers directly.
let proxies: { postgres: StoreProxy; redis: StoreProxy };
let site: Site;
let db: Database;
let redis: Redis;
const [server, redisUrl] = [inject('postgres')?.server, inject('redis')];

beforeAll(async () => {
  if (!server || !redisUrl) return;
  proxies = { postgres: await proxyTo(server), redis: await proxyTo(redisUrl) };
  site = await openSite(
    { databaseUrl: proxies.postgres.url, trustProxy: 1, production: true },
    { redisUrl: proxies.redis.url },
  );
  const { pathname } = new URL(site.config.databaseUrl ?? '');
  const direct = Object.assign(new URL(server), { pathname }).href;
  db = await openDatabase({ ...site.config, databaseUrl: direct }, () => undefined);
  redis = await openRedis(redisUrl, pino({ level: 'silent' }));
});
afterAll(async () => {
  await db?.destroy();
  redis?.disconnect();
  await site?.close();
  await proxies?.postgres.close();
  await proxies?.redis.close();
});

const people: Person[] = [];
const windows: Window[] = Array.from({ length: 24 }, (_, place) => ({
  userAgent: place % 2 ? CHROME : FIREFOX,
  cookie: undefined,
}));
const sessions = new Map<number, Session>();
const cookies: Cookie[] = [];
const away = new Set<keyof StoreProxies>();
type StoreProxies = typeof proxies;
const past: string[] = [];
let requests = 0;

it(`keeps both stores at one over ${STEPS} random steps`, async (context) => {
  if (!server || !redisUrl) context.skip('needs a Postgres server and Redis');
  for (let step = 1; step <= STEPS; step++) {
    await takeStep();
    if (step % CHECK_EVERY === 0) await checkAll(step === STEPS);
  }
  expect(cookies.length).toBeGreaterThan(STEPS / 20);
}, 600_000);

async function takeStep(): Promise<void> {
  const window = windows[Math.floor(random() * windows.length)];
  if (!window) throw failure('no window');
  if (away.size > 0 && chance(1 / 12)) return mend();
  const [name, step] = weighted();
  past.push(`${name}${away.size > 0 ? ` without ${[...away].join(' and ')}` : ''}`);
  await step(window);
}

type Step = (window: Window) => Promise<void>;

const steps: [weight: number, name: string, Step][] = [
  [30, 'visit', (window) => visit(window)],
  [14, 'log in', logIn],
  [12, 'offer an old cookie', () => offerOld()],
  [8, 'log out', logOut],
  [7, 'let time pass', () => letTimePass()],
  [6, 'end one', endOne],
  [3, 'change the password', changePassword],
  [3, 'close the window', closeWindow],
  [3, 'expire', () => expire()],
  [2, 'end all others', endOthers],
  [2, 'sweep', () => expireSessions(db)],
  [2, 'register', register],
  [2, 'steal', steal],
  [1, 'forget', () => forgetAll()],
  [1, 'cut', async () => cut(pick(['postgres', 'redis'] as const))],
  [1, 'disturb', disturb],
];

function weighted(): [string, Step] {
  let left = random() * steps.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, name, step] of steps) {
    left -= weight;
    if (left < 0) return [name, step];
  }
  throw new Error('no step');
}

// What people do.

async function visit({ cookie, userAgent }: Window): Promise<void> {
  await offer(cookie, userAgent);
}

async function offerOld(): Promise<void> {
  const cookie = pick(cookies);
  if (cookie) await offer(cookie, cookie.userAgent);
}

/** Asks who a cookie stands for, and compares that with what must hold. */
async function offer(cookie: Cookie | undefined, userAgent: string): Promise<void> {
  const page = chance(0.15);
  const answer = await send('GET', page ? '/profile' : '/api/me', { cookie, userAgent });
  const lets = cookie !== undefined && opens(cookie);
  if (!allowed(answer, cookie && away.has('postgres'))) return;
  must(answer.status, lets ? 200 : page ? 303 : 401);
  if (lets && !page) must(JSON.parse(answer.text).username, cookie?.session.person.username);
  if (lets && page) must(answer.text.includes(`>${cookie?.session.person.username}<`), true);
  if (!page || lets) return;
  must(answer.location, '/login?next=%2Fprofile');
}

async function register(window: Window): Promise<void> {
  if (people.length >= 12) return logIn(window);
  const username = `walker${people.length + 1}`;
  const password = `walks on and on ${random()}`;
  const answer = await send('POST', '/register', { ...window, fields: { username, password } });
  const user = await db
    .selectFrom('users')
    .where('username', '=', username)
    .select(['id', 'passwordHash'])
    .executeTakeFirst();
  const person = user && { ...user, username, password, failures: 0 };
  if (person) people.push(person);
  if (!(await settled(answer, away.size > 0))) return;
  must(answer.status, 303);
  if (!person) throw failure('registered nobody');
  await started(window, person, answer);
}

async function logIn(window: Window): Promise<void> {
  const person = people.length > 0 ? pick(people) : undefined;
  if (!person) return register(window);
  const wrong = person.failures < 3 && chance(0.03);
  const { username } = person;
  const password = wrong ? 'walks off and away' : person.password;
  const fields = { username, password, ...(chance(0.3) && { remember: 'yes' }) };
  const answer = await send('POST', '/login', { ...window, fields });
  if (wrong) {
    if (!(await settled(answer, away.size > 0))) return;
    person.failures++;
    return must(answer.status, 422);
  }
  if (!(await settled(answer, away.size > 0))) return;
  must(answer.status, 303);
  must(answer.location, '/vote');
  person.failures = 0;
  await started(window, person, answer);
}

async function logOut(window: Window): Promise<void> {
  const { cookie } = window;
  const answer = await send('POST', '/logout', window);
  if (!(await settled(answer, cookie !== undefined && away.size === 2))) return;
  must(answer.status, 303);
  must(answer.location, '/');
  if (cookie && opens(cookie)) {
    end(cookie.session, { unseen: away.has('postgres') });
    if (away.has('postgres') || disturbed) late.add(cookie);
  }
  if (cookie) must(answer.set, '');
  window.cookie = undefined;
}

async function endOne(window: Window): Promise<void> {
  const { person } = window.cookie?.session ?? {};
  const target = pick([...sessions.values()].filter((session) => session.live && session.person === person));
  const row =
    target &&
    (await db
      .selectFrom('sessions')
      .where('id', '=', target.id)
      .select('publicId')
      .executeTakeFirstOrThrow());
  const path = `/profile/sessions/${row?.publicId ?? 'nonsense'}/end`;
  if (!(await confirmed(window, path, target ? 303 : 404)) || !target) return;
  end(target);
}

async function endOthers(window: Window): Promise<void> {
  if (await confirmed(window, '/profile/sessions/end-others', 303)) endAllBut(window);
}

/** Does what the password is asked for when it was given a while ago. @returns whether it was done */
async function confirmed(window: Window, path: string, status: number): Promise<boolean> {
  const password = window.cookie?.session.person.password ?? '';
  const answer = await send('POST', path, { ...window, fields: { password } });
  const sessionAway = window.cookie !== undefined && away.has('postgres');
  // A session that is rebuilt has to be confirmed, and confirming gives it a new id, which needs Redis.
  if (!(await settled(answer, sessionAway || away.has('redis')))) return false;
  if (!window.cookie || !opens(window.cookie)) {
    refused(answer);
    return false;
  }
  must(answer.status, status);
  if (answer.set) rotated(window, answer.set);
  return true;
}

async function changePassword(window: Window): Promise<void> {
  const { person } = window.cookie?.session ?? {};
  const password = `walks further ${random()}`;
  const fields = { current: person?.password ?? '', password };
  const answer = await send('POST', '/profile/password', { ...window, fields });
  const done = await settled(answer, away.size > 0, { evenSo: true });
  if (person && answer.status !== 422 && (await hasNewPassword(person))) person.password = password;
  if (!done) return;
  if (!window.cookie || !opens(window.cookie)) return refused(answer);
  must([answer.status, answer.location], [303, '/profile/sessions']);
  must(person?.password, password);
  endAllBut(window);
  // While its state can't be saved, the id stays.
  if (answer.set || isCalm()) rotated(window, answer.set);
}

async function hasNewPassword(person: Person): Promise<boolean> {
  const { passwordHash } = await db
    .selectFrom('users')
    .where('id', '=', person.id)
    .select('passwordHash')
    .executeTakeFirstOrThrow();
  const changed = passwordHash !== person.passwordHash;
  person.passwordHash = passwordHash;
  return changed;
}

async function closeWindow(window: Window): Promise<void> {
  window.cookie = undefined;
}

/** Offers a cookie in another browser than the one it was set in: from then on it is nobody's. */
async function steal({ cookie }: Window): Promise<void> {
  if (!cookie) return;
  const userAgent = cookie.userAgent === FIREFOX ? CHROME : FIREFOX;
  const answer = await send('GET', '/api/me', { cookie, userAgent });
  if (!(await settled(answer, away.has('postgres')))) return;
  must(answer.status, 401);
  if (opens(cookie)) end(cookie.session);
}

// What happens to the stores.

/** A deadline is over in the record only; Redis does not know. */
async function expire(): Promise<void> {
  const session = pick([...sessions.values()].filter(({ live }) => live));
  if (!session) return;
  const deadline = new Date(Date.now() - 1_000);
  const over = chance(0.5) ? { idleExpiresAt: deadline } : { idleExpiresAt: deadline, expiresAt: deadline };
  await db.updateTable('sessions').set(over).where('id', '=', session.id).execute();
  end(session, { unseen: true });
}

/** A session rests for a while: every moment in both stores moves into the past. */
async function letTimePass(): Promise<void> {
  const session = pick([...sessions.values()].filter(({ live }) => live));
  if (!session) return;
  const row = await rowOf(session.id);
  const left = row.idleExpiresAt.getTime() - Date.now();
  const wish = row.remembered ? random() * 5 * DAY : random() * 60 * MINUTE;
  // Never so that a deadline falls into the minutes that the walk takes.
  const over = left - wish < 10 * MINUTE;
  const ms = Math.round(over ? left + MINUTE : wish);
  const rest = sql`${ms} * interval '1 ms'`;
  await sql`
    update sessions set created_at = created_at - ${rest}, last_seen_at = last_seen_at - ${rest},
      expires_at = expires_at - ${rest}, idle_expires_at = idle_expires_at - ${rest}
    where id = ${session.id}`.execute(db);
  const key = keyOf(row.accessTokenHash);
  const ttl = await redis.pttl(key);
  if (ttl > ms) await redis.pexpire(key, ttl - ms);
  else if (ttl > 0) await redis.del(key);
  if (over) end(session, { unseen: true });
}

async function forgetAll(): Promise<void> {
  const keys = await redis.keys(`${site.prefix}*`);
  if (keys.length > 0) await redis.del(...keys);
  for (const cookie of cookies) cookie.mayForgetEarly = false;
}

function cut(store: keyof StoreProxies): void {
  if (away.has(store)) return;
  proxies[store].cut();
  away.add(store);
}

async function mend(): Promise<void> {
  for (const store of away) await proxies[store].mend();
  while ((await fetch(`${site.origin}/readyz`)).status !== 200) await sleep(10);
  away.clear();
  disturbed = false;
  for (const cookie of late) await offer(cookie, cookie.userAgent);
  late.clear();
}

/** Cookies that were logged out while Postgres was away: dead at once, in the record when it is back. */
const late = new Set<Cookie>();

/** Breaks a store's connections for a moment just before or in the middle of a step. */
async function disturb(window: Window): Promise<void> {
  if (away.size > 0) await mend();
  const store = pick(['postgres', 'redis'] as const);
  const step = pick([visit, logIn, logOut, endOne, endOthers, changePassword, steal, register] as const);
  past.push(`${step.name} around a cut of ${store}`);
  disturbed = true;
  const breaking = sleep(pick([0, 0, 1, 2, 3, 5, 8, 12])).then(async () => {
    proxies[store].cut();
    if (chance(0.5)) await sleep(pick([1, 5, 20]));
    await proxies[store].mend();
  });
  if (chance(0.3)) await breaking;
  await step(window);
  await breaking;
  await mend();
  await takeFromRecord();
}

let disturbed = false;
const isCalm = (): boolean => !disturbed && !away.has('redis');

// What must hold.

const opens = (cookie: Cookie): boolean => cookie.session.live && cookie.session.cookie === cookie;

/**
 * Whether an answer tells what happened. While a store is away it may be 503, and in the middle of a disturbance
 * anything but a crash; then the record tells.
 */
function allowed({ status }: Answer, storeIsNeeded = false): boolean {
  if (disturbed && (status === 503 || status === 0)) return false;
  must(status === 503, storeIsNeeded);
  return !storeIsNeeded;
}

/** The same for what changes something: an outage that was there before leaves everything as it was. */
async function settled(answer: Answer, storeMayBeNeeded: boolean, { evenSo = false } = {}): Promise<boolean> {
  if (answer.status === 503 || (disturbed && answer.status === 0)) {
    must(storeMayBeNeeded || disturbed, true);
    must(Boolean(answer.set), false);
    if (disturbed) return false;
    if (evenSo) await takeFromRecord();
    else must(await liveInRecord(), liveInModel());
    return false;
  }
  return true;
}

function refused(answer: Answer): void {
  must([answer.status, answer.location.slice(0, 6)], [303, '/login']);
}

/** A log-in was answered: it ends what was under way in that browser, and the oldest beyond twenty. */
async function started(window: Window, person: Person, { set }: Answer): Promise<void> {
  if (window.cookie && opens(window.cookie)) end(window.cookie.session);
  if (!set) throw failure('no cookie at log-in');
  const hash = hashSessionId(idIn(set));
  const { id } = await db
    .selectFrom('sessions')
    .where('accessTokenHash', '=', hash)
    .select('id')
    .executeTakeFirstOrThrow();
  const session: Session = { id, person, cookie: undefined, live: true };
  sessions.set(id, session);
  give(window, session, set);
  const live = [...sessions.values()].filter((other) => other.live && other.person === person);
  for (const oldest of live.sort((a, b) => b.id - a.id).slice(MOST_SESSIONS)) end(oldest);
}

function give(window: Window, session: Session, value: string): void {
  const { userAgent } = window;
  const cookie: Cookie = {
    value,
    hash: hashSessionId(idIn(value)),
    userAgent,
    session,
    mayLinger: false,
    mayForgetEarly: !isCalm(),
  };
  cookies.push(cookie);
  session.cookie = cookie;
  window.cookie = cookie;
}

function rotated(window: Window, set: string | undefined): void {
  if (!window.cookie || !set) throw failure('no new cookie');
  if (!isCalm()) window.cookie.mayLinger = true;
  give(window, window.cookie.session, set);
}

function end(session: Session, { unseen = false } = {}): void {
  session.live = false;
  if (session.cookie && (unseen || !isCalm())) session.cookie.mayLinger = true;
}

function endAllBut({ cookie }: Window): void {
  for (const session of sessions.values())
    if (session.live && session.person === cookie?.session.person && session !== cookie.session) end(session);
}

/** Learns from the record what an answer left open, once nothing that was under way can change it any more. */
async function takeFromRecord(): Promise<void> {
  while (await isUnderWay()) await sleep(5);
  const rows = await db.selectFrom('sessions').selectAll().execute();
  for (const row of rows) {
    const person = people.find(({ id }) => id === row.userId);
    if (!person) throw failure(`a session of nobody: ${row.userId}`);
    const known = sessions.get(row.id);
    const session = known ?? { id: row.id, person, cookie: undefined, live: false };
    sessions.set(row.id, session);
    const live = row.status === 'active' && row.idleExpiresAt > new Date();
    // What was over stays over, whatever became of the stores.
    if (known && !known.live && !late.has(known.cookie as Cookie)) must(live, false);
    if (late.has(session.cookie as Cookie)) continue;
    if (session.cookie && (!live || session.cookie.hash !== row.accessTokenHash))
      session.cookie.mayLinger = true;
    if (session.cookie?.hash !== row.accessTokenHash) session.cookie = undefined;
    session.live = live;
  }
}

async function isUnderWay(): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`
    select count(*)::int as busy from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`.execute(db);
  return (rows[0]?.busy ?? 0) > 0;
}

async function liveInRecord(): Promise<[number, string][]> {
  const rows = await db
    .selectFrom('sessions')
    .where('status', '=', 'active')
    .where('idleExpiresAt', '>', new Date())
    .select(['id', 'accessTokenHash'])
    .orderBy('id')
    .execute();
  const waiting = new Set([...late].map(({ session }) => session.id));
  return rows
    .filter(({ id }) => !waiting.has(id))
    .map(({ id, accessTokenHash }) => [
      id,
      sessions.get(id)?.cookie || !sessions.has(id) ? accessTokenHash : 'nobody has it',
    ]);
}

const liveInModel = (): [number, string][] =>
  [...sessions.values()]
    .filter(({ live }) => live)
    .sort((a, b) => a.id - b.id)
    .map(({ id, cookie }) => [id, cookie?.hash ?? 'nobody has it']);

/** Compares both stores with what must hold, and offers every cookie (between times only the telling ones). */
async function checkAll(atTheEnd: boolean): Promise<void> {
  past.push('check');
  await mend();
  must(await liveInRecord(), liveInModel());
  await checkRedis((cookie) => cookie.mayLinger);
  const telling = cookies.filter(
    (cookie, place) => opens(cookie) || cookie.mayLinger || place > cookies.length - 100 || chance(0.02),
  );
  const offered = atTheEnd ? [...cookies] : telling;
  while (offered.length > 0)
    await Promise.all(offered.splice(0, 8).map((cookie) => offer(cookie, cookie.userAgent)));
  for (const cookie of cookies) if (!opens(cookie)) cookie.mayLinger = false;
  await sleep(20);
  await checkRedis(() => false);
  must(await liveInRecord(), liveInModel());
}

/** Every key in Redis has an active row, and lives as long as that. */
async function checkRedis(mayLinger: (cookie: Cookie) => boolean): Promise<void> {
  const rows = await db.selectFrom('sessions').where('status', '=', 'active').selectAll().execute();
  const byKey = new Map(rows.map((row) => [keyOf(row.accessTokenHash), row]));
  const cookieByKey = new Map(cookies.map((cookie) => [keyOf(cookie.hash), cookie]));
  for (const key of await redis.keys(`${site.prefix}session:*`)) {
    const [row, cookie] = [byKey.get(key), cookieByKey.get(key)];
    if (cookie && !opens(cookie) && mayLinger(cookie)) continue;
    // Of a log-in that Redis was cut off in: its cookie was never sent.
    if (!cookie && strays.has(key)) continue;
    if (!row && !cookie && cutInMidLogIn > strays.size) {
      strays.add(key);
      continue;
    }
    if (!row) throw failure(`${key} has no active row, session ${cookie?.session.id ?? 'unknown'}`);
    const ttl = await redis.pttl(key);
    const over = ttl - (row.idleExpiresAt.getTime() - Date.now());
    if (over > 2_000 || (over < -2_000 && !cookie?.mayForgetEarly))
      throw failure(`${key} lives ${Math.round(over / 1000)} s longer than its session`);
  }
}

const strays = new Set<string>();
let cutInMidLogIn = 0;

// Tools.

async function send(
  method: 'GET' | 'POST',
  path: string,
  given: { cookie: Cookie | undefined; userAgent: string; fields?: Record<string, string> },
): Promise<Answer> {
  requests++;
  // A deadline that moved may not have reached Redis.
  if (given.cookie && !isCalm()) given.cookie.mayForgetEarly = true;
  try {
    const answer = await fetch(site.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        'User-Agent': given.userAgent,
        'Sec-Fetch-Site': 'same-origin',
        // From all over the world: whoever offers many dead cookies from one place is slowed down.
        'X-Forwarded-For': `10.${requests % 250}.${Math.floor(requests / 250) % 250}.1`,
        ...(given.cookie && { Cookie: `thinga=${given.cookie.value}` }),
      },
      ...(given.fields && { body: new URLSearchParams(given.fields) }),
    });
    const [text, status] = [await answer.text(), answer.status];
    const set = answer.headers
      .getSetCookie()
      .map((cookie) => /^thinga=([^;]*)/.exec(cookie)?.[1])
      .filter((value) => value !== undefined);
    if (status === 500 || status === 429) throw failure(`${method} ${path} was answered with ${status}`);
    if (disturbed && status === 503) cutInMidLogIn++;
    return { status, location: answer.headers.get('location') ?? '', text, set: set.at(-1) };
  } catch (error) {
    if (!disturbed || !(error instanceof TypeError)) throw error;
    cutInMidLogIn++;
    return { status: 0, location: '', text: '', set: undefined };
  }
}

const rowOf = (id: number) =>
  db.selectFrom('sessions').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

const keyOf = (hash: string): string => `${site.prefix}session:${hash}`;

const idIn = (value: string): string => decodeURIComponent(value).slice(2).split('.')[0] ?? '';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function must(found: unknown, expected: unknown): void {
  expect(found, explain()).toEqual(expected);
}

const failure = (what: string): Error => new Error(`${what}; ${explain()}`);

const explain = (): string =>
  `WALK_SEED=${SEED}, step ${past.length}, the last: ${past.slice(-12).join(', ')}`;

// mulberry32, so that a walk can be taken again.
let state = SEED;
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

const chance = (likelihood: number): boolean => random() < likelihood;

function pick<One>(from: readonly [One, One, ...One[]]): One;
function pick<One>(from: readonly One[]): One | undefined;
function pick<One>(from: readonly One[]): One | undefined {
  return from[Math.floor(random() * from.length)];
}
