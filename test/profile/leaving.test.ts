import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { makeResetLink } from '../../src/auth/recovery/reset-link.js';
import { itOnPostgres, member, pairOn, read, topic, useSite, visit, vote, whileLocked } from '../site.js';

const site = useSite();
beforeAll(async () => {
  await topic(site);
});

async function personField(browser: ReturnType<typeof visit>): Promise<string> {
  const page = await browser.get('/profile/close').expect(200);
  return String(read(page.text)('[name=person]').val());
}

async function close(browser: ReturnType<typeof visit>, votes: string) {
  const person = await personField(browser);
  return browser.post('/profile/close').type('form').send({ votes, person });
}

const OWNED = ['passkeys', 'recoveryCodes', 'formerNames', 'emailAddresses', 'resetLinks'] as const;

async function countIn(table: (typeof OWNED)[number], userId: number): Promise<number> {
  return (await site.db.selectFrom(table).where('userId', '=', userId).select('userId').execute()).length;
}

it('exports all data of a user, without secrets and without data of others', async () => {
  const { browser, id, username } = await member(site);
  const stranger = await member(site);
  const pair = await vote(browser);
  await vote(stranger.browser);
  const answer = await browser.get('/profile/export').expect(200);
  expect(answer.headers['content-disposition']).toContain('attachment');
  const data = JSON.parse(answer.text);
  expect(data).toMatchObject({ userId: id, username });
  expect(data.votes).toEqual([
    expect.objectContaining({ left: pair.left, right: pair.right, outcome: 'left' }),
  ]);
  expect(data.sessions).toHaveLength(1);
  expect(data.events.map(({ kind }: { kind: string }) => kind)).toEqual(['login']);
  const row = await site.db.selectFrom('users').where('id', '=', id).selectAll().executeTakeFirstOrThrow();
  const session = await site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .selectAll()
    .executeTakeFirstOrThrow();
  for (const secret of [
    row.passwordHash,
    session.accessTokenHash,
    session.clientFingerprint,
    stranger.username,
  ])
    expect(answer.text).not.toContain(secret);
});

it('exports the votes of a user as CSV', async () => {
  const { browser } = await member(site);
  const pair = await vote(browser, 'tie');
  const answer = await browser.get('/profile/export?format=csv').expect(200);
  const [header, line] = answer.text.split('\n');
  expect(header).toBe('topic,left,right,outcome,at,withdrawnAt,note');
  expect(line).toContain(`Foods,${pair.left},${pair.right},tie,`);
});

it.each([
  ['keep', 1],
  ['withdraw', 0],
] as const)(
  'closes an account and deletes all data of its user, with the choice "%s" for the votes',
  async (votes, standing) => {
    const { browser, id, username, password } = await member(site);
    const other = visit(site);
    await other.post('/login').type('form').send({ username, password }).expect(303);
    await vote(browser);
    await browser
      .post('/profile/name')
      .type('form')
      .send({ 'new-name': `${username}-now` })
      .expect(303);
    await makeResetLink(site, id);
    for (const statement of [
      sql`insert into passkeys (user_id, credential_id, public_key, counter, name)
        values (${id}, ${`key-${id}`}, 'x', 0, 'My laptop')`,
      sql`insert into email_addresses (user_id, address, confirmed_at) values (${id}, 'a@b.example', now())`,
      sql`insert into site_invitations (token_hash, note, expires_at, used_by, used_at)
        values (${String(id % 10).repeat(64)}, 'Ann of the owls', now(), ${id}, now())`,
    ])
      await statement.execute(site.db);
    for (const table of OWNED) expect([table, await countIn(table, id)]).toEqual([table, 1]);
    const { rows: origins } = await sql<{ eventId: number }>`
    select event_id from session_event_origins join session_events on event_id = id where user_id = ${id}`.execute(
      site.db,
    );
    expect(origins.length).toBeGreaterThan(2);
    expect((await close(browser, 'both')).status).toBe(422);
    const answer = await close(browser, votes);
    expect(answer.status).toBe(303);
    expect(answer.headers['clear-site-data']).toContain('storage');
    expect(read((await browser.get('/')).text)('.flash').text()).toContain('closed');
    for (const gone of [browser, other]) await gone.get('/profile').expect(303);
    for (const name of [username, `${username}-now`])
      await visit(site).post('/login').type('form').send({ username: name, password }).expect(422);
    for (const table of ['users', 'sessions', 'sessionEvents'] as const)
      expect(
        await site.db
          .selectFrom(table)
          .where(table === 'users' ? 'id' : 'userId', '=', id)
          .select('id')
          .execute(),
      ).toEqual([]);
    for (const table of OWNED) expect([table, await countIn(table, id)]).toEqual([table, 0]);
    const notes = await site.db.selectFrom('siteInvitations').select(['note', 'usedBy']).execute();
    for (const row of notes) expect(row).toEqual({ note: null, usedBy: null });
    const ids = origins.map(({ eventId }) => eventId);
    expect(
      await site.db.selectFrom('sessionEventOrigins').where('eventId', 'in', ids).selectAll().execute(),
    ).toEqual([]);
    const ledger = await site.db
      .selectFrom('votes')
      .where('voterId', '=', id)
      .select('withdrawnAt')
      .execute();
    expect(ledger.filter(({ withdrawnAt }) => withdrawnAt === null)).toHaveLength(standing);
    expect(ledger).toHaveLength(1);
    await member(site, { username });
  },
);

it('has an index for every reference to rows that are deleted with an account', async () => {
  const { rows } = await sql`
    select conrelid::regclass::text || '.' || attname as scanned from pg_constraint
    join pg_attribute on attrelid = conrelid and attnum = conkey[1]
    where contype = 'f' and confrelid in ('users'::regclass, 'sessions'::regclass, 'shares'::regclass)
      and not exists (select from pg_index where indrelid = conrelid and indpred is null and indkey[0] = conkey[1])`.execute(
    site.db,
  );
  expect(rows).toEqual([]);
});

it('closes no account with a page that another user opened', async () => {
  const [one, other] = [await member(site), await member(site)];
  const person = await personField(one.browser);
  const { username, password } = other;
  await one.browser.post('/login').type('form').send({ username, password }).expect(303);
  for (const form of [{ votes: 'keep', person }, { votes: 'keep' }]) {
    const answer = await one.browser.post('/profile/close').type('form').send(form).expect(303);
    expect(answer.headers.location).toBe('/profile/close');
    const page = read((await one.browser.get('/profile/close').expect(200)).text);
    expect(page('.flash').text()).toContain('no account was closed');
  }
  await other.browser.get('/profile').expect(200);
});

itOnPostgres('withdraws also a vote that is being cast when the account closes', async () => {
  const { browser, id } = await member(site);
  const { ballot } = pairOn((await browser.get('/vote')).text);
  const statuses = await whileLocked(site, sql`select from voters where id = ${id} for update`, [
    async () => browser.post('/vote').type('form').send({ ballot, choice: 'left' }),
    async () => close(browser, 'withdraw'),
  ]);
  expect(statuses.map(({ status }) => status)).toEqual([303, 303]);
  const ledger = await site.db.selectFrom('votes').where('voterId', '=', id).select('withdrawnAt').execute();
  expect(ledger).toEqual([{ withdrawnAt: expect.any(Date) }]);
});

itOnPostgres('withdraws also an answer that is being changed when the account closes', async () => {
  const { browser, id } = await member(site);
  await vote(browser);
  const { ballotId } = await site.db
    .selectFrom('votes')
    .where('voterId', '=', id)
    .select('ballotId')
    .executeTakeFirstOrThrow();
  const path = `/profile/votes/${ballotId}/change`;
  const ballot = String(read((await browser.get(path)).text)('main [name=ballot]').val());
  // The change has written the new answer and waits for the lock on the voter. The closing starts in that
  // time.
  await whileLocked(site, sql`select from voters where id = ${id} for update`, [
    async () => browser.post(path).type('form').send({ ballot, choice: 'tie' }),
    async () => close(browser, 'withdraw'),
  ]);
  const ledger = await site.db.selectFrom('votes').where('voterId', '=', id).select('withdrawnAt').execute();
  expect(ledger.length).toBeGreaterThan(0);
  for (const { withdrawnAt } of ledger) expect(withdrawnAt).not.toBeNull();
});

itOnPostgres(
  'closes an account while a wrong log-in is recorded, and refuses a log-in during the closing',
  async () => {
    const { browser, id, username, password } = await member(site);
    const logIn = (guess: string) =>
      visit(site).post('/login').type('form').send({ username, password: guess });
    const statuses = await whileLocked(site, sql`select from chain_heads where user_key = ${id} for update`, [
      async () => logIn('a wrong guess'),
      async () => close(browser, 'keep'),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([422, 303]);
    const again = await member(site);
    const both = await whileLocked(site, sql`select from users where id = ${again.id} for update`, [
      async () => close(again.browser, 'keep'),
      async () => visit(site).post('/login').type('form').send({ username: again.username, password }),
    ]);
    expect(both.map(({ status }) => status)).toEqual([303, 422]);
  },
);

it('ends the oldest session beyond twenty', async () => {
  const { browser, id, username, password } = await member(site);
  for (let device = 0; device < 20; device++)
    await visit(site).post('/login').type('form').send({ username, password }).expect(303);
  await browser.get('/profile').expect(303);
  const rows = await site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .select(['status', 'endReason'])
    .orderBy('id')
    .execute();
  expect(rows[0]).toEqual({ status: 'inactive', endReason: 'limit' });
  expect(rows.filter(({ status }) => status === 'active')).toHaveLength(20);
  expect(read((await browser.get('/login')).text)('.flash').text()).toContain('more than 20 devices');
});
