import { beforeAll, expect, it } from 'vitest';
import { member, read, topic, useSite, visit, vote } from '../site.js';

const site = useSite();
beforeAll(async () => {
  await topic(site);
});

const close = (browser: ReturnType<typeof visit>, votes: string) =>
  browser.post('/profile/close').type('form').send({ votes });

it('hands people everything of theirs, and nothing that opens anything', async () => {
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

it('hands people their votes as a table', async () => {
  const { browser } = await member(site);
  const pair = await vote(browser, 'tie');
  const answer = await browser.get('/profile/export?format=csv').expect(200);
  const [header, line] = answer.text.split('\n');
  expect(header).toBe('topic,left,right,outcome,at,withdrawnAt');
  expect(line).toContain(`Foods,${pair.left},${pair.right},tie,`);
});

it.each([
  ['keep', 1],
  ['withdraw', 0],
] as const)('closes an account: nothing of the person is left, their votes: %s', async (votes, standing) => {
  const { browser, id, username, password } = await member(site);
  const other = visit(site);
  await other.post('/login').type('form').send({ username, password }).expect(303);
  await vote(browser);
  expect((await close(browser, 'both')).status).toBe(422);
  const answer = await close(browser, votes).expect(303);
  expect(answer.headers['clear-site-data']).toContain('storage');
  expect(read((await browser.get('/')).text)('.flash').text()).toContain('closed');
  for (const gone of [browser, other]) await gone.get('/profile').expect(303);
  await visit(site).post('/login').type('form').send({ username, password }).expect(422);
  for (const table of ['users', 'sessions', 'sessionEvents'] as const)
    expect(
      await site.db
        .selectFrom(table)
        .where(table === 'users' ? 'id' : 'userId', '=', id)
        .select('id')
        .execute(),
    ).toEqual([]);
  const ledger = await site.db.selectFrom('votes').where('voter', '=', id).select('withdrawnAt').execute();
  expect(ledger.filter(({ withdrawnAt }) => withdrawnAt === null)).toHaveLength(standing);
  expect(ledger).toHaveLength(1);
  await member(site, { username });
});

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
  expect(read((await browser.get('/login')).text)('.flash').text()).toContain('many other devices');
});
