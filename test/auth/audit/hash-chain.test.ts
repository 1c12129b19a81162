import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import { disablePerson } from '../../../src/admin/people/acts.js';
import type { ChainedEvent } from '../../../src/auth/audit/chained-event.js';
import { type Break, eventsOf, headOf, verifyChains } from '../../../src/auth/audit/hash-chain.js';
import { recordEvent } from '../../../src/auth/audit/record-event.js';
import { endSession, endSessions, expireSessions } from '../../../src/auth/sessions/end-sessions.js';
import { root } from '../../../src/config.js';
import { itOnPostgres, member, openTestDatabase, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });
const folder = mkdtempSync(join(tmpdir(), 'thinga-chain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type User = Awaited<ReturnType<typeof member>>;

async function logInAgain({ username, password }: User) {
  const browser = visit(site);
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  return browser;
}

/** A user with six events: a log-in, four rotations and a log-out. */
async function memberWithSixEvents(): Promise<User> {
  const user = await member(site);
  for (let event = 2; event <= 5; event++)
    await recordEvent(site.db, { kind: 'rotated', userId: user.id, sessionId: null, reason: `${event}` });
  await user.browser.post('/logout').expect(303);
  return user;
}

const expectWholeChains = async () => expect((await verifyChains(site.db)).broken).toBeUndefined();

const passIdleDeadline = (...userIds: number[]) =>
  site.db
    .updateTable('sessions')
    .set({ idleExpiresAt: new Date(0) })
    .where('userId', 'in', userIds)
    .execute();

it('chains every recorded event, whoever caused it', async () => {
  const [one, other] = [await member(site), await member(site)];
  const [second] = [await logInAgain(one), await logInAgain(other)];
  await second.post('/logout').expect(303);
  await recordEvent(site.db, { kind: 'drift', userId: null, sessionId: null });
  await passIdleDeadline(one.id, other.id);
  await expireSessions(site.db);
  const disabled = { userId: other.id, note: '' };
  await site.db.transaction().execute((trx) => disablePerson(trx, 'operator', disabled));
  const kinds = async ({ id }: User) => (await eventsOf(site.db, id)).map(({ kind }) => kind);
  expect(await kinds(one)).toEqual(['login', 'login', 'logout', 'expired']);
  expect(await kinds(other)).toEqual(['login', 'login', 'expired', 'expired', 'disabled']);
  expect(await verifyChains(site.db)).toEqual({ events: 10, chains: 3, broken: undefined });
});

it('shows a receipt that changes with the next event', async () => {
  const { browser, id } = await member(site);
  const receipt = async () => read((await browser.get('/profile/sessions')).text)('#receipt').text();
  const [{ hash }] = (await eventsOf(site.db, id)) as [ChainedEvent];
  const before = await receipt();
  expect(before).toContain('after 1 event:');
  expect(before.replaceAll(' ', '')).toContain(hash.slice(0, 12));
  await recordEvent(site.db, { kind: 'drift', userId: id, sessionId: null });
  expect(await receipt()).toContain((await headOf(site.db, id))?.receipt);
  expect(await receipt()).not.toBe(before);
});

it('refuses to change or remove a chained event', async () => {
  const { id } = await memberWithSixEvents();
  const events = sql`session_events set reason = 'x' where user_id = ${id}`;
  await expect(sql`update ${events}`.execute(site.db)).rejects.toThrow('append-only');
  await expect(
    sql`update session_events set sequence = 9 where user_id = ${id} and sequence = 6`.execute(site.db),
  ).rejects.toThrow('append-only');
  await expect(site.db.deleteFrom('sessionEvents').where('userId', '=', id).execute()).rejects.toThrow(
    'append-only',
  );
});

it('refuses to cut a chain short for an account that is said to be closed, but is not', async () => {
  const { id } = await memberWithSixEvents();
  const closing = (...statements: RawBuilder<unknown>[]) =>
    site.db.transaction().execute(async (trx) => {
      await sql`select set_config('thinga.closing_account', ${String(id)}, true)`.execute(trx);
      for (const statement of statements) await statement.execute(trx);
    });
  const [newest, all] = [sql`user_id = ${id} and sequence = 6`, sql`user_id = ${id}`];
  const moveHeadBack = sql`
    update chain_heads set (sequence, hash) = (select sequence, hash from session_events where ${all} and sequence = 5)
    where ${all}`;
  await expect(closing(sql`delete from session_events where ${newest}`, moveHeadBack)).rejects.toThrow(
    'append-only',
  );
  await expect(closing(sql`delete from session_events where ${newest}`)).rejects.toThrow(
    'go with their person',
  );
  const deleteHead = sql`delete from chain_heads where ${all}`;
  await expect(closing(sql`delete from session_events where ${all}`, deleteHead)).rejects.toThrow(
    'goes with its person',
  );
  await expect(closing(moveHeadBack)).rejects.toThrow('append-only');
  await expect(closing(sql`update chain_heads set hash = ${'0'.repeat(64)} where ${all}`)).rejects.toThrow(
    'append-only',
  );
  for (const table of ['session_events', 'chain_heads'])
    await expect(closing(sql`truncate ${sql.table(table)} cascade`)).rejects.toThrow('append-only');
  expect((await headOf(site.db, id))?.sequence).toBe(6);
  await expectWholeChains();
});

it('deletes a chain with its account, and leaves the other chains whole', async () => {
  const user = await memberWithSixEvents();
  const browser = await logInAgain(user);
  const form = { votes: 'keep', person: user.id };
  await browser.post('/profile/close').type('form').send(form).expect(303);
  expect(await headOf(site.db, user.id)).toBeUndefined();
  await expectWholeChains();
});

const event = (sequence: number) =>
  sql`user_id = (select max(user_id) from chain_heads) and sequence = ${sequence}`;
const allEvents = sql`user_id = (select max(user_id) from chain_heads)`;

it.each<[string, RawBuilder<unknown>[], string]>([
  ['changed', [sql`update session_events set kind = 'x' where ${event(3)}`], '3 was changed'],
  ['emptied', [sql`update session_events set reason = null where ${event(3)}`], '3 was changed'],
  [
    'given another digest',
    [sql`update session_events set origin_digest = repeat('0', 64) where ${event(1)}`],
    '1 was changed',
  ],
  [
    'dated back',
    [sql`update session_events set at = at - interval '1 us' where ${event(6)}`],
    '6 was changed',
  ],
  ['given to nobody', [sql`update session_events set user_id = null where ${event(6)}`], '6 was added'],
  ['removed', [sql`delete from session_events where ${event(3)}`], '3 was removed'],
  ['removed as the first', [sql`delete from session_events where ${event(1)}`], '1 was removed'],
  ['removed as the newest', [sql`delete from session_events where ${event(6)}`], '6 was removed'],
  ['removed with all others', [sql`delete from session_events where ${allEvents}`], '1 was removed'],
  [
    'removed, and those after it moved up',
    [
      sql`delete from session_events where ${event(3)}`,
      sql`update session_events set sequence = sequence + 1000 where ${allEvents} and sequence > 3`,
      sql`update session_events set sequence = sequence - 1001 where ${allEvents} and sequence > 3`,
    ],
    '3 was number 4 before',
  ],
  [
    'put in another order',
    [
      sql`update session_events set sequence = 100 where ${event(2)}`,
      sql`update session_events set sequence = 2 where ${event(3)}`,
      sql`update session_events set sequence = 3 where ${event(100)}`,
    ],
    '2 was number 3 before',
  ],
  [
    'added',
    [sql`insert into session_events (user_id, kind) select max(user_id), 'x' from chain_heads`],
    '7 was added',
  ],
  ['added behind the head', [sql`update chain_heads set sequence = 5 where ${allEvents}`], '6 was added'],
  [
    'removed with its head',
    [
      sql`update chain_heads set sequence = 5 where ${allEvents}`,
      sql`delete from session_events where ${event(6)}`,
    ],
    '5 was changed and hashed anew',
  ],
  [
    'removed with all others and the head',
    [sql`delete from session_events where ${allEvents}`, sql`delete from chain_heads where ${allEvents}`],
    'without a log-in event',
  ],
  ['left without a head', [sql`delete from chain_heads where ${allEvents}`], 'the chain has no head'],
])('finds an event that was %s', async (_change, statements, finding) => {
  const { id } = await memberWithSixEvents();
  const broken = await breakAfter(...statements);
  expect(`${broken?.sequence} ${broken?.finding}`).toContain(finding);
  expect([id, null]).toContain(broken?.userId);
});

it('finds an event that was changed and hashed again, even the newest', async () => {
  for (const sequence of [3, 6]) {
    const { id } = await memberWithSixEvents();
    const changed = { ...(await eventsOf(site.db, id))[sequence - 1], kind: 'x' } as ChainedEvent;
    const hash = independentHash(id, changed);
    expect(
      await breakAfter(sql`update session_events set kind = 'x', hash = ${hash} where ${event(sequence)}`),
    ).toEqual({ userId: id, sequence, finding: 'was changed and hashed anew' });
  }
});

it('numbers fifty simultaneous log-ins of one user without a gap', async () => {
  const user = await member(site);
  await Promise.all(Array.from({ length: 50 }, () => logInWithRetry(user)));
  const events = await eventsOf(site.db, user.id);
  expect(events.filter(({ kind }) => kind === 'login')).toHaveLength(51);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  await expectWholeChains();
});

itOnPostgres('expires, logs out and ends sessions of several users at once without a deadlock', async () => {
  const users = await Promise.all(Array.from({ length: 6 }, () => member(site)));
  const ids = users.map(({ id }) => id);
  for (let round = 0; round < 8; round++) {
    await Promise.all([...users, ...users, ...users].map(logInAgain));
    const live = await site.db
      .selectFrom('sessions')
      .where('status', '=', 'active')
      .where('userId', 'in', ids)
      .select(['id', 'accessTokenHash'])
      .orderBy('id')
      .execute();
    const expiredIds = live.filter((_session, index) => index % 3 === 0).map(({ id }) => id);
    await site.db
      .updateTable('sessions')
      .set({ idleExpiresAt: new Date(0) })
      .where('id', 'in', expiredIds)
      .execute();
    await Promise.all([
      expireSessions(site.db),
      ...live.filter((_session, index) => index % 3 === 1).map((session) => logOut(session.accessTokenHash)),
      ...ids.map((id) => changePassword(id)),
      recordEventForEach(ids),
      recordEventForEach([...ids].reverse()),
      expireSessions(site.db),
    ]);
  }
  await expectWholeChains();
});

it('chains the events of one transaction in order, whatever characters they contain', async () => {
  const own = await openTestDatabase();
  await own.db.transaction().execute(async (trx) => {
    for (const kind of ['a', 'b\\\n', '"ü"'])
      await sql`insert into session_events (kind) values (${kind})`.execute(trx);
  });
  const events = await own.db
    .selectFrom('sessionEvents')
    .select(['sequence', 'kind'])
    .orderBy('sequence')
    .execute();
  expect(events.map(({ sequence, kind }) => [sequence, kind])).toEqual([
    [1, 'a'],
    [2, 'b\\\n'],
    [3, '"ü"'],
  ]);
  expect(await verifyChains(own.db)).toEqual({ events: 3, chains: 1, broken: undefined });
  await own.close();
});

it('lets a user verify their chain with the script in the docs', async () => {
  const { id } = await memberWithSixEvents();
  const client = { userAgent: undefined, device: 'back\\slash\nline \\n \\N “ü” 🍜', address: '' };
  await recordEvent(site.db, { kind: 'drift', userId: id, sessionId: null, client });
  const events = JSON.parse(JSON.stringify(await eventsOf(site.db, id)));
  const receipt = (await headOf(site.db, id))?.receipt;
  expect(runCheckScript({ userId: id, events })).toContain(`7 events are whole. Receipt: ${receipt}`);
  const otherAddress = events.with(6, { ...events[6], address: '192.0.2.1' });
  expect(() => runCheckScript({ userId: id, events: otherAddress })).toThrow(
    'Event 7 is not what was recorded',
  );
  const withoutOrigin = events.with(6, { ...events[6], salt: null, device: null, address: null });
  expect(runCheckScript({ userId: id, events: withoutOrigin })).toContain('7 events are whole');
  const changed = events.with(3, { ...events[3], at: events[3].at.replace(/.Z$/, 'xZ') });
  expect(() => runCheckScript({ userId: id, events: changed })).toThrow('Event 4 is not what was recorded');
  expect(() => runCheckScript({ userId: id, events: events.toSpliced(1, 1) })).toThrow('Event 2 is not');
  expect(() => runCheckScript({ userId: id + 1, events })).toThrow('Event 1 is not');
});

/** Changes rows as the owner of the database could, verifies the chains, and restores the rows. */
async function breakAfter(...statements: RawBuilder<unknown>[]): Promise<Break | undefined> {
  await sql`create table saved_events as table session_events`.execute(site.db);
  await sql`create table saved_origins as table session_event_origins`.execute(site.db);
  await sql`create table saved_heads as select user_key, sequence, hash from chain_heads`.execute(site.db);
  await setTriggers('disable');
  try {
    for (const statement of statements) await statement.execute(site.db);
    return (await verifyChains(site.db)).broken;
  } finally {
    await sql`delete from session_events`.execute(site.db);
    await sql`insert into session_events overriding system value table saved_events`.execute(site.db);
    await sql`insert into session_event_origins table saved_origins`.execute(site.db);
    await sql`delete from chain_heads`.execute(site.db);
    await sql`insert into chain_heads (user_key, sequence, hash) table saved_heads`.execute(site.db);
    await setTriggers('enable');
    await sql`drop table saved_events, saved_origins, saved_heads`.execute(site.db);
    await expectWholeChains();
  }
}

async function setTriggers(mode: 'enable' | 'disable'): Promise<void> {
  for (const table of ['session_events', 'session_event_origins', 'chain_heads'])
    await sql`alter table ${sql.table(table)} ${sql.raw(mode)} trigger user`.execute(site.db);
}

function independentHash(userId: number, event: ChainedEvent): string {
  const { sequence, sessionId, kind, at, reason, originDigest, previousHash } = event;
  const fields = [sequence, userId, sessionId, kind, at, reason, originDigest, previousHash];
  const text = fields.map((field) => field ?? '\\N').join('\n');
  return createHash('sha256').update(text).digest('hex');
}

// The site answers 503 while too many passwords are being checked.
async function logInWithRetry({ username, password }: User): Promise<void> {
  let status = 503;
  while (status === 503)
    ({ status } = await visit(site).post('/login').type('form').send({ username, password }));
  expect(status).toBe(303);
}

const logOut = (hash: string) => endSession(site.db, hash, { reason: 'logout' });

// It writes in the order of a real password change: the event first, then the sessions.
const changePassword = (userId: number) =>
  site.db.transaction().execute(async (trx) => {
    await recordEvent(trx, { kind: 'password', userId, sessionId: null });
    await endSessions(trx, userId, { reason: 'password' });
  });

const recordEventForEach = (ids: number[]) =>
  site.db.transaction().execute(async (trx) => {
    for (const userId of ids) await recordEvent(trx, { kind: 'drift', userId, sessionId: null });
  });

function runCheckScript(data: object): string {
  const match = /```js\n(\/\/ check\.mjs.*?)```/s.exec(readFileSync(join(root, 'docs/security.md'), 'utf8'));
  const [script, file] = [join(folder, 'check.mjs'), join(folder, 'thinga.json')];
  writeFileSync(script, match?.[1] ?? '');
  writeFileSync(file, JSON.stringify(data, null, 2));
  return execFileSync(process.execPath, [script, file], { encoding: 'utf8', stdio: 'pipe' });
}
