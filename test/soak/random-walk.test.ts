import { randomInt } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { expireSessions } from '../../src/auth/sessions/end-sessions.js';
import { hashSessionId } from '../../src/auth/sessions/sessions.js';
import { type Database, openDatabase } from '../../src/database.js';
import { seededRandom } from '../../src/ranking/math/random.js';
import { openRedis, type Redis } from '../../src/redis.js';
import { CHROME, FIREFOX, openSite, type Site } from '../site.js';
import { type StoreProxy, startStoreProxy } from '../store-proxy.js';

const STEPS = Number(process.env.WALK_STEPS ?? 10_000);
const SEED = Number(process.env.WALK_SEED ?? randomInt(2 ** 31));
const CHECK_INTERVAL = 500;
const MAX_SESSIONS = 20;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

interface User {
  id: number;
  username: string;
  password: string;
  passwordHash: string;
  /** Wrong passwords since the last right one. They stay few, so that the throttle refuses nobody. */
  failures: number;
}

/** The expected state of a row in sessions. */
interface Session {
  id: number;
  user: User;
  /** The one cookie that opens it; undefined when a store failed before the browser got the cookie. */
  cookie: Cookie | undefined;
  isLive: boolean;
}

/** A session cookie that was set once, and the browser that got it. */
interface Cookie {
  value: string;
  hash: string;
  userAgent: string;
  session: Session;
  /**
   * Whether its key may still be in Redis after the session's end: Redis was unavailable, or only time
   * passed.
   */
  mayLinger: boolean;
  /** Whether its key may expire early, because Redis did not get a later deadline. */
  mayForgetEarly: boolean;
}

interface Window {
  userAgent: string;
  cookie: Cookie | undefined;
}

interface Answer {
  /** 0 when the connection breaks. */
  status: number;
  location: string;
  text: string;
  /** The value of the session cookie that it sets; empty when it clears the cookie. */
  setCookie: string | undefined;
}

// The site reaches both stores through proxies that can be cut. The test itself connects to the servers
// directly.
let proxies: { postgres: StoreProxy; redis: StoreProxy };
let site: Site;
let db: Database;
let redis: Redis;
const [server, redisUrl] = [inject('postgres')?.server, inject('redis')];

beforeAll(async () => {
  if (!server || !redisUrl) return;
  proxies = { postgres: await startStoreProxy(server), redis: await startStoreProxy(redisUrl) };
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

const users: User[] = [];
const windows: Window[] = Array.from({ length: 24 }, (_, index) => ({
  userAgent: index % 2 ? CHROME : FIREFOX,
  cookie: undefined,
}));
const sessions = new Map<number, Session>();
const cookies: Cookie[] = [];
const unavailable = new Set<keyof StoreProxies>();
type StoreProxies = typeof proxies;
const history: string[] = [];
let requests = 0;
// With the same seed, a failed walk can be repeated.
const random = seededRandom(SEED);

it(`keeps both stores consistent over ${STEPS} random steps`, async (context) => {
  if (!server || !redisUrl) context.skip('needs a Postgres server and Redis');
  for (let step = 1; step <= STEPS; step++) {
    await takeStep();
    if (step % CHECK_INTERVAL === 0) await checkAll(step === STEPS);
  }
  expect(cookies.length).toBeGreaterThan(STEPS / 20);
}, 600_000);

async function takeStep(): Promise<void> {
  const window = windows[Math.floor(random() * windows.length)];
  if (!window) throw failure('no window');
  if (unavailable.size > 0 && chance(1 / 12)) return mend();
  const [name, step] = drawStep();
  history.push(`${name}${unavailable.size > 0 ? ` without ${[...unavailable].join(' and ')}` : ''}`);
  await step(window);
}

type Step = (window: Window) => Promise<void>;

const steps: [weight: number, name: string, Step][] = [
  [30, 'visit', (window) => visit(window)],
  [14, 'log in', logIn],
  [12, 'send an old cookie', () => sendOldCookie()],
  [8, 'log out', logOut],
  [7, 'let time pass', () => letTimePass()],
  [6, 'end a session', endOne],
  [3, 'change the password', changePassword],
  [3, 'close the window', closeWindow],
  [3, 'pass a deadline', () => passDeadline()],
  [2, 'end all other sessions', endOthers],
  [2, 'expire sessions', () => expireSessions(db)],
  [2, 'register', register],
  [2, 'steal a cookie', steal],
  [1, 'flush Redis', () => flushRedis()],
  [1, 'cut a store', async () => cut(pick(['postgres', 'redis'] as const))],
  [1, 'cut a store during a step', cutDuringStep],
];

function drawStep(): [string, Step] {
  let remaining = random() * steps.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, name, step] of steps) {
    remaining -= weight;
    if (remaining < 0) return [name, step];
  }
  throw new Error('no step');
}

// Steps of users.

async function visit({ cookie, userAgent }: Window): Promise<void> {
  await sendCookie(cookie, userAgent);
}

async function sendOldCookie(): Promise<void> {
  const cookie = pick(cookies);
  if (cookie) await sendCookie(cookie, cookie.userAgent);
}

/** Requests a page with a cookie, and compares the answer with the model. */
async function sendCookie(cookie: Cookie | undefined, userAgent: string): Promise<void> {
  const isPage = chance(0.15);
  const answer = await send('GET', isPage ? '/profile' : '/api/me', { cookie, userAgent });
  const isLoggedIn = cookie !== undefined && opens(cookie);
  if (!isConclusive(answer, cookie && unavailable.has('postgres'))) return;
  expectEqual(answer.status, isLoggedIn ? 200 : isPage ? 303 : 401);
  if (isLoggedIn && !isPage) expectEqual(JSON.parse(answer.text).username, cookie?.session.user.username);
  if (isLoggedIn && isPage) expectEqual(answer.text.includes(`>${cookie?.session.user.username}<`), true);
  if (!isPage || isLoggedIn) return;
  expectEqual(answer.location, '/login?next=%2Fprofile');
}

async function register(window: Window): Promise<void> {
  if (users.length >= 12) return logIn(window);
  const username = `walker${users.length + 1}`;
  const password = `walks on and on ${random()}`;
  const answer = await send('POST', '/register', { ...window, fields: { username, password } });
  const row = await db
    .selectFrom('users')
    .where('username', '=', username)
    .select(['id', 'passwordHash'])
    .executeTakeFirst();
  const user = row && { ...row, username, password, failures: 0 };
  if (user) users.push(user);
  if (!(await isSettled(answer, unavailable.size > 0))) return;
  expectEqual(answer.status, 303);
  if (!user) throw failure('registered nobody');
  await recordLogIn(window, user, answer);
}

async function logIn(window: Window): Promise<void> {
  const user = users.length > 0 ? pick(users) : undefined;
  if (!user) return register(window);
  const wrong = user.failures < 3 && chance(0.03);
  const { username } = user;
  const password = wrong ? 'walks off and away' : user.password;
  const fields = { username, password, ...(chance(0.3) && { remember: 'yes' }) };
  // A registration whose log-in failed has left no recovery code, so the next log-in shows one.
  const code = await db
    .selectFrom('recoveryCodes')
    .where('userId', '=', user.id)
    .select('userId')
    .executeTakeFirst();
  const answer = await send('POST', '/login', { ...window, fields });
  if (wrong) {
    if (!(await isSettled(answer, unavailable.size > 0))) return;
    user.failures++;
    return expectEqual(answer.status, 422);
  }
  if (!(await isSettled(answer, unavailable.size > 0))) return;
  expectEqual(answer.status, 303);
  const isCodeShown = !code && answer.location !== '/vote';
  expectEqual(answer.location, isCodeShown ? '/profile/recovery-code?next=%2Fvote' : '/vote');
  if (!code && !disturbed) expectEqual(isCodeShown, true);
  user.failures = 0;
  await recordLogIn(window, user, answer);
}

async function logOut(window: Window): Promise<void> {
  const { cookie } = window;
  const answer = await send('POST', '/logout', window);
  if (!(await isSettled(answer, cookie !== undefined && unavailable.size === 2))) return;
  expectEqual(answer.status, 303);
  expectEqual(answer.location, '/');
  if (cookie && opens(cookie)) {
    end(cookie.session, { mayLinger: unavailable.has('postgres') });
    if (unavailable.has('postgres') || disturbed) pendingLogOuts.add(cookie);
  }
  if (cookie) expectEqual(answer.setCookie, '');
  window.cookie = undefined;
}

async function endOne(window: Window): Promise<void> {
  const { user } = window.cookie?.session ?? {};
  const target = pick([...sessions.values()].filter((session) => session.isLive && session.user === user));
  const row =
    target &&
    (await db
      .selectFrom('sessions')
      .where('id', '=', target.id)
      .select('publicId')
      .executeTakeFirstOrThrow());
  const path = `/profile/sessions/${row?.publicId ?? 'nonsense'}/end`;
  if (!(await postConfirmed(window, path, target ? 303 : 404)) || !target) return;
  end(target);
}

async function endOthers(window: Window): Promise<void> {
  if (await postConfirmed(window, '/profile/sessions/end-others', 303)) endAllBut(window);
}

/** Sends a form that needs a recent password. @returns whether it was done */
async function postConfirmed(window: Window, path: string, status: number): Promise<boolean> {
  const password = window.cookie?.session.user.password ?? '';
  const answer = await send('POST', path, { ...window, fields: { password } });
  const isRecordMissing = window.cookie !== undefined && unavailable.has('postgres');
  // A session rebuilt from Postgres needs the password again. Confirming it changes its id, which needs
  // Redis.
  if (!(await isSettled(answer, isRecordMissing || unavailable.has('redis')))) return false;
  if (!window.cookie || !opens(window.cookie)) {
    refused(answer);
    return false;
  }
  expectEqual(answer.status, status);
  if (answer.setCookie) recordNewId(window, answer.setCookie);
  return true;
}

async function changePassword(window: Window): Promise<void> {
  const { user } = window.cookie?.session ?? {};
  const password = `walks further ${random()}`;
  const fields = { current: user?.password ?? '', password };
  const answer = await send('POST', '/profile/password', { ...window, fields });
  const isDone = await isSettled(answer, unavailable.size > 0, { mayHaveChanged: true });
  if (user && answer.status !== 422 && (await hasNewPassword(user))) user.password = password;
  if (!isDone) return;
  if (!window.cookie || !opens(window.cookie)) return refused(answer);
  expectEqual([answer.status, answer.location], [303, '/profile/sessions']);
  expectEqual(user?.password, password);
  endAllBut(window);
  // While Redis can't save the session's state, the id does not change.
  if (answer.setCookie || isUndisturbed()) recordNewId(window, answer.setCookie);
}

async function hasNewPassword(user: User): Promise<boolean> {
  const { passwordHash } = await db
    .selectFrom('users')
    .where('id', '=', user.id)
    .select('passwordHash')
    .executeTakeFirstOrThrow();
  const changed = passwordHash !== user.passwordHash;
  user.passwordHash = passwordHash;
  return changed;
}

async function closeWindow(window: Window): Promise<void> {
  window.cookie = undefined;
}

/** Sends a cookie from another browser than its own. That ends the session. */
async function steal({ cookie }: Window): Promise<void> {
  if (!cookie) return;
  const userAgent = cookie.userAgent === FIREFOX ? CHROME : FIREFOX;
  const answer = await send('GET', '/api/me', { cookie, userAgent });
  if (!(await isSettled(answer, unavailable.has('postgres')))) return;
  expectEqual(answer.status, 401);
  if (opens(cookie)) end(cookie.session);
}

// Events in the stores.

/** Moves a session's deadline into the past, in Postgres only. */
async function passDeadline(): Promise<void> {
  const session = pick([...sessions.values()].filter(({ isLive }) => isLive));
  if (!session) return;
  const deadline = new Date(Date.now() - 1_000);
  const deadlines = chance(0.5)
    ? { idleExpiresAt: deadline }
    : { idleExpiresAt: deadline, expiresAt: deadline };
  await db.updateTable('sessions').set(deadlines).where('id', '=', session.id).execute();
  end(session, { mayLinger: true });
}

/** Lets time pass for one session: moves all its times into the past, in both stores. */
async function letTimePass(): Promise<void> {
  const session = pick([...sessions.values()].filter(({ isLive }) => isLive));
  if (!session) return;
  const row = await rowOf(session.id);
  const remaining = row.idleExpiresAt.getTime() - Date.now();
  const wanted = row.remembered ? random() * 5 * DAY : random() * 60 * MINUTE;
  // No deadline may fall into the minutes that the test takes.
  const isOver = remaining - wanted < 10 * MINUTE;
  const ms = Math.round(isOver ? remaining + MINUTE : wanted);
  const passed = sql`${ms} * interval '1 ms'`;
  await sql`
    update sessions set created_at = created_at - ${passed}, last_seen_at = last_seen_at - ${passed},
      expires_at = expires_at - ${passed}, idle_expires_at = idle_expires_at - ${passed}
    where id = ${session.id}`.execute(db);
  const key = keyOf(row.accessTokenHash);
  const ttl = await redis.pttl(key);
  if (ttl > ms) await redis.pexpire(key, ttl - ms);
  else if (ttl > 0) await redis.del(key);
  if (isOver) end(session, { mayLinger: true });
}

async function flushRedis(): Promise<void> {
  const keys = await redis.keys(`${site.prefix}*`);
  if (keys.length > 0) await redis.del(...keys);
  for (const cookie of cookies) cookie.mayForgetEarly = false;
}

function cut(store: keyof StoreProxies): void {
  if (unavailable.has(store)) return;
  proxies[store].cut();
  unavailable.add(store);
}

async function mend(): Promise<void> {
  for (const store of unavailable) await proxies[store].mend();
  while ((await fetch(`${site.origin}/readyz`)).status !== 200) await sleep(10);
  unavailable.clear();
  disturbed = false;
  for (const cookie of pendingLogOuts) await sendCookie(cookie, cookie.userAgent);
  pendingLogOuts.clear();
}

/**
 * Cookies that were logged out while Postgres was unavailable. They are dead at once, in Postgres only later.
 */
const pendingLogOuts = new Set<Cookie>();

/** Breaks a store's connections for a moment, just before or during a step. */
async function cutDuringStep(window: Window): Promise<void> {
  if (unavailable.size > 0) await mend();
  const store = pick(['postgres', 'redis'] as const);
  const step = pick([visit, logIn, logOut, endOne, endOthers, changePassword, steal, register] as const);
  history.push(`${step.name} around a cut of ${store}`);
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
  await updateModelFromPostgres();
}

let disturbed = false;
const isUndisturbed = (): boolean => !disturbed && !unavailable.has('redis');

// The model, and its comparison with the stores.

const opens = (cookie: Cookie): boolean => cookie.session.isLive && cookie.session.cookie === cookie;

/**
 * Tells whether an answer shows what happened. While a store is unavailable it may be 503. During a
 * disturbance it may be anything but a crash, and then only Postgres shows what happened.
 */
function isConclusive({ status }: Answer, storeIsNeeded = false): boolean {
  if (disturbed && (status === 503 || status === 0)) return false;
  expectEqual(status === 503, storeIsNeeded);
  return !storeIsNeeded;
}

/**
 * The same for a request that changes something. During an outage from before the request nothing may change.
 */
async function isSettled(
  answer: Answer,
  storeMayBeNeeded: boolean,
  { mayHaveChanged = false } = {},
): Promise<boolean> {
  if (answer.status === 503 || (disturbed && answer.status === 0)) {
    expectEqual(storeMayBeNeeded || disturbed, true);
    expectEqual(Boolean(answer.setCookie), false);
    if (disturbed) return false;
    if (mayHaveChanged) await updateModelFromPostgres();
    else expectEqual(await liveInPostgres(), liveInModel());
    return false;
  }
  return true;
}

function refused(answer: Answer): void {
  expectEqual([answer.status, answer.location.slice(0, 6)], [303, '/login']);
}

/** Records a log-in: it ends the browser's earlier session, and the user's oldest beyond twenty. */
async function recordLogIn(window: Window, user: User, { setCookie }: Answer): Promise<void> {
  if (window.cookie && opens(window.cookie)) end(window.cookie.session);
  if (!setCookie) throw failure('no cookie at log-in');
  const hash = hashSessionId(idIn(setCookie));
  const { id } = await db
    .selectFrom('sessions')
    .where('accessTokenHash', '=', hash)
    .select('id')
    .executeTakeFirstOrThrow();
  const session: Session = { id, user, cookie: undefined, isLive: true };
  sessions.set(id, session);
  addCookie(window, session, setCookie);
  const live = [...sessions.values()].filter((other) => other.isLive && other.user === user);
  for (const oldest of live.sort((a, b) => b.id - a.id).slice(MAX_SESSIONS)) end(oldest);
}

function addCookie(window: Window, session: Session, value: string): void {
  const { userAgent } = window;
  const cookie: Cookie = {
    value,
    hash: hashSessionId(idIn(value)),
    userAgent,
    session,
    mayLinger: false,
    mayForgetEarly: !isUndisturbed(),
  };
  cookies.push(cookie);
  session.cookie = cookie;
  window.cookie = cookie;
}

function recordNewId(window: Window, setCookie: string | undefined): void {
  if (!window.cookie || !setCookie) throw failure('no new cookie');
  if (!isUndisturbed()) window.cookie.mayLinger = true;
  addCookie(window, window.cookie.session, setCookie);
}

function end(session: Session, { mayLinger = false } = {}): void {
  session.isLive = false;
  if (session.cookie && (mayLinger || !isUndisturbed())) session.cookie.mayLinger = true;
}

function endAllBut({ cookie }: Window): void {
  for (const session of sessions.values())
    if (session.isLive && session.user === cookie?.session.user && session !== cookie.session) end(session);
}

/** Updates the model from Postgres after a disturbance, once no statement runs any more. */
async function updateModelFromPostgres(): Promise<void> {
  while (await isBusy()) await sleep(5);
  const rows = await db.selectFrom('sessions').selectAll().execute();
  for (const row of rows) {
    const user = users.find(({ id }) => id === row.userId);
    if (!user) throw failure(`a session of nobody: ${row.userId}`);
    const known = sessions.get(row.id);
    const session = known ?? { id: row.id, user, cookie: undefined, isLive: false };
    sessions.set(row.id, session);
    const live = row.status === 'active' && row.idleExpiresAt > new Date();
    // An ended session stays ended.
    if (known && !known.isLive && !pendingLogOuts.has(known.cookie as Cookie)) expectEqual(live, false);
    if (pendingLogOuts.has(session.cookie as Cookie)) continue;
    if (session.cookie && (!live || session.cookie.hash !== row.accessTokenHash))
      session.cookie.mayLinger = true;
    if (session.cookie?.hash !== row.accessTokenHash) session.cookie = undefined;
    session.isLive = live;
  }
}

async function isBusy(): Promise<boolean> {
  const { rows } = await sql<{ busy: number }>`
    select count(*)::int as busy from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`.execute(db);
  return (rows[0]?.busy ?? 0) > 0;
}

async function liveInPostgres(): Promise<[number, string][]> {
  const rows = await db
    .selectFrom('sessions')
    .where('status', '=', 'active')
    .where('idleExpiresAt', '>', new Date())
    .select(['id', 'accessTokenHash'])
    .orderBy('id')
    .execute();
  const waiting = new Set([...pendingLogOuts].map(({ session }) => session.id));
  return rows
    .filter(({ id }) => !waiting.has(id))
    .map(({ id, accessTokenHash }) => [
      id,
      sessions.get(id)?.cookie || !sessions.has(id) ? accessTokenHash : 'unknown cookie',
    ]);
}

const liveInModel = (): [number, string][] =>
  [...sessions.values()]
    .filter(({ isLive }) => isLive)
    .sort((a, b) => a.id - b.id)
    .map(({ id, cookie }) => [id, cookie?.hash ?? 'unknown cookie']);

/**
 * Compares both stores with the model, and sends every cookie. Before the end it sends only the likely ones.
 */
async function checkAll(isEnd: boolean): Promise<void> {
  history.push('check');
  await mend();
  expectEqual(await liveInPostgres(), liveInModel());
  await checkRedis((cookie) => cookie.mayLinger);
  const likely = cookies.filter(
    (cookie, index) => opens(cookie) || cookie.mayLinger || index > cookies.length - 100 || chance(0.02),
  );
  const remaining = isEnd ? [...cookies] : likely;
  while (remaining.length > 0)
    await Promise.all(remaining.splice(0, 8).map((cookie) => sendCookie(cookie, cookie.userAgent)));
  for (const cookie of cookies) if (!opens(cookie)) cookie.mayLinger = false;
  await sleep(20);
  await checkRedis(() => false);
  expectEqual(await liveInPostgres(), liveInModel());
}

/** Expects that every session key in Redis has an active row, and expires together with it. */
async function checkRedis(mayLinger: (cookie: Cookie) => boolean): Promise<void> {
  const rows = await db.selectFrom('sessions').where('status', '=', 'active').selectAll().execute();
  const byKey = new Map(rows.map((row) => [keyOf(row.accessTokenHash), row]));
  const cookieByKey = new Map(cookies.map((cookie) => [keyOf(cookie.hash), cookie]));
  for (const key of await redis.keys(`${site.prefix}session:*`)) {
    const [row, cookie] = [byKey.get(key), cookieByKey.get(key)];
    if (cookie && !opens(cookie) && mayLinger(cookie)) continue;
    // A log-in that was cut off left this key. Its cookie was never sent.
    if (!cookie && orphanKeys.has(key)) continue;
    if (!row && !cookie && cutOffRequests > orphanKeys.size) {
      orphanKeys.add(key);
      continue;
    }
    if (!row) throw failure(`${key} has no active row, session ${cookie?.session.id ?? 'unknown'}`);
    const ttl = await redis.pttl(key);
    const excess = ttl - (row.idleExpiresAt.getTime() - Date.now());
    if (excess > 2_000 || (excess < -2_000 && !cookie?.mayForgetEarly))
      throw failure(`${key} lives ${Math.round(excess / 1000)} s longer than its session`);
  }
}

const orphanKeys = new Set<string>();
let cutOffRequests = 0;

// Helpers.

async function send(
  method: 'GET' | 'POST',
  path: string,
  { cookie, userAgent, fields }: Pick<Window, 'cookie' | 'userAgent'> & { fields?: Record<string, string> },
): Promise<Answer> {
  requests++;
  // A new deadline may not reach Redis.
  if (cookie && !isUndisturbed()) cookie.mayForgetEarly = true;
  try {
    const answer = await fetch(site.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        'User-Agent': userAgent,
        'Sec-Fetch-Site': 'same-origin',
        // From different addresses, because one address may not send many dead cookies.
        'X-Forwarded-For': `10.${requests % 250}.${Math.floor(requests / 250) % 250}.1`,
        ...(cookie && { Cookie: `thinga=${cookie.value}` }),
      },
      ...(fields && { body: new URLSearchParams(fields) }),
    });
    const [text, status] = [await answer.text(), answer.status];
    const values = answer.headers
      .getSetCookie()
      .map((header) => /^thinga=([^;]*)/.exec(header)?.[1])
      .filter((value) => value !== undefined);
    if (status === 500 || status === 429) throw failure(`${method} ${path} was answered with ${status}`);
    if (disturbed && status === 503) cutOffRequests++;
    return { status, location: answer.headers.get('location') ?? '', text, setCookie: values.at(-1) };
  } catch (error) {
    if (!disturbed || !(error instanceof TypeError)) throw error;
    cutOffRequests++;
    return { status: 0, location: '', text: '', setCookie: undefined };
  }
}

const rowOf = (id: number) =>
  db.selectFrom('sessions').where('id', '=', id).selectAll().executeTakeFirstOrThrow();

const keyOf = (hash: string): string => `${site.prefix}session:${hash}`;

const idIn = (value: string): string => decodeURIComponent(value).slice(2).split('.')[0] ?? '';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function expectEqual(actual: unknown, expected: unknown): void {
  expect(actual, describeWalk()).toEqual(expected);
}

const failure = (message: string): Error => new Error(`${message}; ${describeWalk()}`);

const describeWalk = (): string =>
  `WALK_SEED=${SEED}, step ${history.length}, the last: ${history.slice(-12).join(', ')}`;

const chance = (probability: number): boolean => random() < probability;

function pick<Item>(items: readonly [Item, Item, ...Item[]]): Item;
function pick<Item>(items: readonly Item[]): Item | undefined;
function pick<Item>(items: readonly Item[]): Item | undefined {
  return items[Math.floor(random() * items.length)];
}
