import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawBuilder, sql } from 'kysely';
import { afterAll, expect, it } from 'vitest';
import type { ChainedEvent } from '../../../src/auth/audit/chained-event.js';
import { type Break, eventsOf, headOf, verifyChains } from '../../../src/auth/audit/hash-chain.js';
import { endDevices } from '../../../src/auth/sessions/devices.js';
import { endSession, expireSessions, recordEvent } from '../../../src/auth/sessions/sessions.js';
import { disable } from '../../../src/auth/users/users.js';
import { root } from '../../../src/config.js';
import { itOnPostgres, member, openDatabaseOfItsOwn, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });
const folder = mkdtempSync(join(tmpdir(), 'thinga-chain-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Person = Awaited<ReturnType<typeof member>>;

async function logInAgain({ username, password }: Person) {
  const browser = visit(site);
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  return browser;
}

/** Somebody of whom six things are recorded. */
async function chained(): Promise<Person> {
  const person = await member(site);
  for (let event = 2; event <= 5; event++)
    await recordEvent(site.db, { kind: 'rotated', userId: person.id, sessionId: null, reason: `${event}` });
  await person.browser.post('/logout').expect(303);
  return person;
}

const whole = async () => expect((await verifyChains(site.db)).broken).toBeUndefined();

const letTimeRunOut = (...people: number[]) =>
  site.db
    .updateTable('sessions')
    .set({ idleExpiresAt: new Date(0) })
    .where('userId', 'in', people)
    .execute();

it('chains whatever is recorded, by whomever', async () => {
  const [one, other] = [await member(site), await member(site)];
  const [second] = [await logInAgain(one), await logInAgain(other)];
  await second.post('/logout').expect(303);
  await recordEvent(site.db, { kind: 'drift', userId: null, sessionId: null });
  await letTimeRunOut(one.id, other.id);
  await expireSessions(site.db);
  await disable(site.db, other.id);
  const kinds = async ({ id }: Person) => (await eventsOf(site.db, id)).map(({ kind }) => kind);
  expect(await kinds(one)).toEqual(['login', 'login', 'logout', 'expired']);
  expect(await kinds(other)).toEqual(['login', 'login', 'expired', 'expired', 'disabled']);
  expect(await verifyChains(site.db)).toEqual({ events: 10, chains: 3, broken: undefined });
});

it('shows the receipt of the last event, which the next one changes', async () => {
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

it('refuses to change or remove what is chained', async () => {
  const { id } = await chained();
  const events = sql`session_events set reason = 'x' where user_id = ${id}`;
  await expect(sql`update ${events}`.execute(site.db)).rejects.toThrow('append-only');
  await expect(
    sql`update session_events set sequence = 9 where user_id = ${id} and sequence = 6`.execute(site.db),
  ).rejects.toThrow('append-only');
  await expect(site.db.deleteFrom('sessionEvents').where('userId', '=', id).execute()).rejects.toThrow(
    'append-only',
  );
});

it('refuses to cut a chain short for whoever says that they close an account, and does not', async () => {
  const { id } = await chained();
  const closing = (...statements: RawBuilder<unknown>[]) =>
    site.db.transaction().execute(async (trx) => {
      await sql`select set_config('thinga.closing_account', ${String(id)}, true)`.execute(trx);
      for (const statement of statements) await statement.execute(trx);
    });
  const [newest, all] = [sql`user_id = ${id} and sequence = 6`, sql`user_id = ${id}`];
  const headBack = sql`
    update chain_heads set (sequence, hash) = (select sequence, hash from session_events where ${all} and sequence = 5)
    where ${all}`;
  await expect(closing(sql`delete from session_events where ${newest}`, headBack)).rejects.toThrow(
    'append-only',
  );
  await expect(closing(sql`delete from session_events where ${newest}`)).rejects.toThrow(
    'go with their person',
  );
  const head = sql`delete from chain_heads where ${all}`;
  await expect(closing(sql`delete from session_events where ${all}`, head)).rejects.toThrow(
    'goes with its person',
  );
  await expect(closing(headBack)).rejects.toThrow('append-only');
  await expect(closing(sql`update chain_heads set hash = ${'0'.repeat(64)} where ${all}`)).rejects.toThrow(
    'append-only',
  );
  for (const table of ['session_events', 'chain_heads'])
    await expect(closing(sql`truncate ${sql.table(table)} cascade`)).rejects.toThrow('append-only');
  expect((await headOf(site.db, id))?.sequence).toBe(6);
  await whole();
});

it('goes with its person’s account, and the other chains stay whole', async () => {
  const person = await chained();
  const browser = await logInAgain(person);
  const form = { votes: 'keep', person: person.id };
  await browser.post('/profile/close').type('form').send(form).expect(303);
  expect(await headOf(site.db, person.id)).toBeUndefined();
  await whole();
});

const at = (sequence: number) =>
  sql`user_id = (select max(user_id) from chain_heads) and sequence = ${sequence}`;
const theirs = sql`user_id = (select max(user_id) from chain_heads)`;

it.each<[string, RawBuilder<unknown>[], string]>([
  ['changed', [sql`update session_events set kind = 'x' where ${at(3)}`], '3 was changed'],
  ['emptied', [sql`update session_events set reason = null where ${at(3)}`], '3 was changed'],
  [
    'given another digest',
    [sql`update session_events set origin_digest = repeat('0', 64) where ${at(1)}`],
    '1 was changed',
  ],
  ['dated back', [sql`update session_events set at = at - interval '1 us' where ${at(6)}`], '6 was changed'],
  ['given to nobody', [sql`update session_events set user_id = null where ${at(6)}`], '6 was added'],
  ['removed', [sql`delete from session_events where ${at(3)}`], '3 was removed'],
  ['removed as the first', [sql`delete from session_events where ${at(1)}`], '1 was removed'],
  ['removed as the newest', [sql`delete from session_events where ${at(6)}`], '6 was removed'],
  ['removed with all others', [sql`delete from session_events where ${theirs}`], '1 was removed'],
  [
    'removed, and those after it moved up',
    [
      sql`delete from session_events where ${at(3)}`,
      sql`update session_events set sequence = sequence + 1000 where ${theirs} and sequence > 3`,
      sql`update session_events set sequence = sequence - 1001 where ${theirs} and sequence > 3`,
    ],
    '3 was number 4 before',
  ],
  [
    'put in another order',
    [
      sql`update session_events set sequence = 100 where ${at(2)}`,
      sql`update session_events set sequence = 2 where ${at(3)}`,
      sql`update session_events set sequence = 3 where ${at(100)}`,
    ],
    '2 was number 3 before',
  ],
  [
    'added',
    [sql`insert into session_events (user_id, kind) select max(user_id), 'x' from chain_heads`],
    '7 was added',
  ],
  ['added behind the head', [sql`update chain_heads set sequence = 5 where ${theirs}`], '6 was added'],
  [
    'removed with its head',
    [
      sql`update chain_heads set sequence = 5 where ${theirs}`,
      sql`delete from session_events where ${at(6)}`,
    ],
    '5 was changed and hashed anew',
  ],
  [
    'removed with all others and the head',
    [sql`delete from session_events where ${theirs}`, sql`delete from chain_heads where ${theirs}`],
    'of whose log-in no event tells',
  ],
  ['left without a head', [sql`delete from chain_heads where ${theirs}`], 'the head is gone'],
])('names an event that was %s', async (_how, statements, found) => {
  const { id } = await chained();
  const broken = await breakAfter(...statements);
  expect(`${broken?.sequence} ${broken?.what}`).toContain(found);
  expect([id, null]).toContain(broken?.userId);
});

it('names an event that was changed and hashed anew, the newest too', async () => {
  for (const sequence of [3, 6]) {
    const { id } = await chained();
    const event = { ...(await eventsOf(site.db, id))[sequence - 1], kind: 'x' } as ChainedEvent;
    const hash = independentHash(id, event);
    expect(
      await breakAfter(sql`update session_events set kind = 'x', hash = ${hash} where ${at(sequence)}`),
    ).toEqual({ userId: id, sequence, what: 'was changed and hashed anew' });
  }
});

it('gives fifty log-ins of one person at once fifty places', async () => {
  const person = await member(site);
  await Promise.all(Array.from({ length: 50 }, () => untilLoggedIn(person)));
  const events = await eventsOf(site.db, person.id);
  expect(events.filter(({ kind }) => kind === 'login')).toHaveLength(51);
  expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, index) => index + 1));
  await whole();
});

itOnPostgres('sweeps, logs out and ends sessions for several people at once without a deadlock', async () => {
  const people = await Promise.all(Array.from({ length: 6 }, () => member(site)));
  const ids = people.map(({ id }) => id);
  for (let round = 0; round < 8; round++) {
    await Promise.all([...people, ...people, ...people].map(logInAgain));
    const live = await site.db
      .selectFrom('sessions')
      .where('status', '=', 'active')
      .where('userId', 'in', ids)
      .select(['id', 'accessTokenHash'])
      .orderBy('id')
      .execute();
    const timeUp = live.filter((_session, index) => index % 3 === 0).map(({ id }) => id);
    await site.db
      .updateTable('sessions')
      .set({ idleExpiresAt: new Date(0) })
      .where('id', 'in', timeUp)
      .execute();
    await Promise.all([
      expireSessions(site.db),
      ...live.filter((_session, index) => index % 3 === 1).map((one) => logOut(one.accessTokenHash)),
      ...ids.map((id) => changePassword(id)),
      tellAll(ids),
      tellAll([...ids].reverse()),
      expireSessions(site.db),
    ]);
  }
  await whole();
});

it('chains what one transaction records in its order, whatever is in it', async () => {
  const own = await openDatabaseOfItsOwn();
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

it('is checked by its owner with the recipe in the docs', async () => {
  const { id } = await chained();
  const client = { userAgent: undefined, device: 'back\\slash\nline \\n \\N “ü” 🍜', address: '' };
  await recordEvent(site.db, { kind: 'drift', userId: id, sessionId: null, client });
  const events = JSON.parse(JSON.stringify(await eventsOf(site.db, id)));
  const receipt = (await headOf(site.db, id))?.receipt;
  expect(check({ userId: id, events })).toContain(`7 events are whole. Receipt: ${receipt}`);
  const elsewhere = events.with(6, { ...events[6], address: '192.0.2.1' });
  expect(() => check({ userId: id, events: elsewhere })).toThrow('Event 7 is not what was recorded');
  const forgotten = events.with(6, { ...events[6], salt: null, device: null, address: null });
  expect(check({ userId: id, events: forgotten })).toContain('7 events are whole');
  const changed = events.with(3, { ...events[3], at: events[3].at.replace(/.Z$/, 'xZ') });
  expect(() => check({ userId: id, events: changed })).toThrow('Event 4 is not what was recorded');
  expect(() => check({ userId: id, events: events.toSpliced(1, 1) })).toThrow('Event 2 is not');
  expect(() => check({ userId: id + 1, events })).toThrow('Event 1 is not');
});

/** What is found after rows were changed as whoever owns the database could; then they are put back. */
async function breakAfter(...statements: RawBuilder<unknown>[]): Promise<Break | undefined> {
  await sql`create table kept_events as table session_events`.execute(site.db);
  await sql`create table kept_origins as table session_event_origins`.execute(site.db);
  await sql`create table kept_heads as select user_key, sequence, hash from chain_heads`.execute(site.db);
  await letAnythingPass('disable');
  try {
    for (const statement of statements) await statement.execute(site.db);
    return (await verifyChains(site.db)).broken;
  } finally {
    await sql`delete from session_events`.execute(site.db);
    await sql`insert into session_events overriding system value table kept_events`.execute(site.db);
    await sql`insert into session_event_origins table kept_origins`.execute(site.db);
    await sql`delete from chain_heads`.execute(site.db);
    await sql`insert into chain_heads (user_key, sequence, hash) table kept_heads`.execute(site.db);
    await letAnythingPass('enable');
    await sql`drop table kept_events, kept_origins, kept_heads`.execute(site.db);
    await whole();
  }
}

async function letAnythingPass(how: 'enable' | 'disable'): Promise<void> {
  for (const table of ['session_events', 'session_event_origins', 'chain_heads'])
    await sql`alter table ${sql.table(table)} ${sql.raw(how)} trigger user`.execute(site.db);
}

function independentHash(userId: number, event: ChainedEvent): string {
  const { sequence, sessionId, kind, at, reason, originDigest, previousHash } = event;
  const fields = [sequence, userId, sessionId, kind, at, reason, originDigest, previousHash];
  const text = fields.map((field) => field ?? '\\N').join('\n');
  return createHash('sha256').update(text).digest('hex');
}

// Too many passwords to check at once are answered with 503, and the person tries again.
async function untilLoggedIn({ username, password }: Person): Promise<void> {
  let status = 503;
  while (status === 503)
    ({ status } = await visit(site).post('/login').type('form').send({ username, password }));
  expect(status).toBe(303);
}

const logOut = (hash: string) => endSession(site.db, hash, 'logout');

// As a change of password does: first the event, then the sessions that end with it.
const changePassword = (userId: number) =>
  site.db.transaction().execute(async (trx) => {
    await recordEvent(trx, { kind: 'password', userId, sessionId: null });
    await endDevices(trx, userId, 'password');
  });

const tellAll = (ids: number[]) =>
  site.db.transaction().execute(async (trx) => {
    for (const userId of ids) await recordEvent(trx, { kind: 'drift', userId, sessionId: null });
  });

function check(data: object): string {
  const recipe = /```js\n(\/\/ check\.mjs.*?)```/s.exec(readFileSync(join(root, 'docs/security.md'), 'utf8'));
  const [script, file] = [join(folder, 'check.mjs'), join(folder, 'thinga.json')];
  writeFileSync(script, recipe?.[1] ?? '');
  writeFileSync(file, JSON.stringify(data, null, 2));
  return execFileSync(process.execPath, [script, file], { encoding: 'utf8', stdio: 'pipe' });
}
