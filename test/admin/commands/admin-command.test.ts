import { sql } from 'kysely';
import { expect, it, vi } from 'vitest';
import { UsageError } from '../../../src/command-line.js';
import { itOnRedis, member, read, topic, useSite, visit, vote } from '../../site.js';
import { printed as printedOf, runAdmin as run } from './run-admin.js';

const site = useSite({ trustProxy: 1 });

const runAdmin = (line: string, redisUrl?: string) => run(site, line, redisUrl);
const printed = (line: string) => printedOf(site, line);

it('ends the sessions of one user at once, and shows the user the reason', async () => {
  const [one, other] = [await member(site), await member(site)];
  await runAdmin(`sessions end --user ${one.username.toUpperCase()}`);
  await one.browser.get('/profile').expect(303);
  expect(read((await one.browser.get('/login')).text)('.flash').text()).toContain('people who run this site');
  await other.browser.get('/profile').expect(200);
});

it('ends the sessions of all users', async () => {
  const people = [await member(site), await member(site)];
  await runAdmin('sessions end --all');
  for (const { browser } of people) await browser.get('/profile').expect(303);
  const live = await site.db.selectFrom('sessions').where('status', '=', 'active').select('id').execute();
  expect(live).toEqual([]);
});

it('disables a user, who is logged out everywhere and can’t log in again', async () => {
  const { browser, username, password } = await member(site);
  await runAdmin(`users disable ${username}`);
  await browser.get('/profile').expect(303);
  await visit(site).post('/login').type('form').send({ username, password }).expect(422);
});

itOnRedis('unlocks an account for log-ins from new devices', async () => {
  const { id, username, password } = await member(site);
  const logIn = (guess: string) =>
    visit(site).post('/login').type('form').send({ username, password: guess });
  for (let guess = 1; guess <= 6; guess++) await logIn(`a wrong guess ${guess}`).expect(422);
  await logIn(password).expect(422);
  await runAdmin(`users unlock ${username.toUpperCase()}`);
  await logIn(password).expect(303);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toContain('unlocked');
});

it('refuses to unlock without Redis, and says where failed log-ins are counted', async () => {
  const { username } = await member(site);
  await expect(runAdmin(`users unlock ${username}`, '')).rejects.toThrow('a restart forgets them');
});

it('voids the votes of a user, who is told who did it', async () => {
  await topic(site);
  const { browser, username } = await member(site);
  for (const choice of ['left', 'tie'] as const) await vote(browser, choice);
  await site.rank();
  expect(await site.db.selectFrom('ratings').select('thingId').execute()).not.toEqual([]);
  await runAdmin(`votes void ${username}`);
  await site.rank();
  expect(await site.db.selectFrom('ratings').select('thingId').execute()).toEqual([]);
  const { text } = await browser.get('/profile/sessions');
  expect(text).toContain('The people who run this site stopped counting your votes');
});

it('leaves all votes of a user out of the ranking, later ones too, until they are restored', async () => {
  await topic(site, { slug: 'apart', names: ['Tea', 'Pie', 'Jam', 'Fig'] });
  const path = '/topics/apart/vote';
  const { browser, username } = await member(site);
  const other = await member(site);
  await vote(other.browser, 'left', path);
  await vote(browser, 'left', path);
  const rankedVotes = async () => {
    await site.rank();
    return site.boards.get('apart')?.votes;
  };
  expect(await rankedVotes()).toBe(2);
  await runAdmin(`votes set-apart ${username}`);
  expect(await rankedVotes()).toBe(1);
  await vote(browser, 'left', path);
  await vote(other.browser, 'left', path);
  expect(await rankedVotes()).toBe(2);
  await runAdmin(`votes restore ${username}`);
  expect(await rankedVotes()).toBe(4);
});

it('promotes a user to admin', async () => {
  const { id, username } = await member(site);
  await runAdmin(`users promote ${username}`);
  const user = await site.db.selectFrom('users').where('id', '=', id).select('role').executeTakeFirst();
  expect(user).toEqual({ role: 'admin' });
});

it('prints a link with which a user sets a new password', async () => {
  const { username } = await member(site);
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  await runAdmin(`users reset-link ${username}`);
  const [link = ''] = String(info.mock.lastCall?.[0]).split('\n');
  info.mockRestore();
  expect(link).toMatch(new RegExp(`^${site.config.publicOrigin}/reset/[\\w-]{32}$`));
  const page = await visit(site).get(new URL(link).pathname).expect(200);
  expect(read(page.text)('main').text()).toContain(username);
});

it('reports that the audit record is intact, or names the first event that was changed', async () => {
  const { id, username } = await member(site);
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  await runAdmin('audit verify');
  expect(info.mock.lastCall?.[0]).toMatch(/^\d+ events in \d+ chains are whole\.$/);
  info.mockRestore();
  await sql`alter table session_events disable trigger user`.execute(site.db);
  await sql`update session_events set reason = 'idle' where user_id = ${id}`.execute(site.db);
  await expect(runAdmin('audit verify')).rejects.toThrow(`event 1 of ${username} (person ${id}) was changed`);
});

it('lists people, disables one with a reason, and lifts it again', async () => {
  const { id, username, password } = await member(site);
  await runAdmin(`users disable ${username} --reason Spam`);
  expect(await printed(`users list ${username} --show disabled`)).toMatch(
    new RegExp(`^${username}, disabled, last active .*\n1 person\\.$`),
  );
  const row = () =>
    site.db.selectFrom('users').where('id', '=', id).select(['disabledAt', 'disabledReason']).execute();
  expect(await row()).toEqual([{ disabledAt: expect.any(Date), disabledReason: 'Spam' }]);
  await runAdmin(`users enable ${username}`);
  expect(await row()).toEqual([{ disabledAt: null, disabledReason: null }]);
  await visit(site).post('/login').type('form').send({ username, password }).expect(303);
});

it('lets people in who wait for approval, and refuses others', async () => {
  const [one, other] = [await member(site), await member(site)];
  await sql`update users set awaiting_since = now() where id in (${one.id}, ${other.id})`.execute(site.db);
  expect(await printed('users list --show waiting')).toContain('waits for approval');
  await runAdmin(`users approve ${one.username}`);
  await runAdmin(`users refuse ${other.username}`);
  expect(await printed('users list --show waiting')).toBe('0 people.');
  await expect(runAdmin(`users refuse ${one.username}`)).rejects.toThrow('does not wait for approval');
});

it('takes the role of an admin back, but not of the last one', async () => {
  await sql`update users set role = 'member'`.execute(site.db).catch(() => undefined);
  const [one, other] = [await member(site), await member(site)];
  for (const { username } of [one, other]) await runAdmin(`users promote ${username}`);
  for (const { username } of await site.db
    .selectFrom('users')
    .where('role', '=', 'admin')
    .where('id', '<>', other.id)
    .select('username')
    .execute())
    await runAdmin(`users demote ${username}`);
  await expect(runAdmin(`users demote ${other.username}`)).rejects.toThrow('is the only admin');
});

it('lists topics, hides one, shows it again, and hands it over', async () => {
  await topic(site, { slug: 'moderated', names: ['Oak', 'Elm'] });
  const { id, username } = await member(site);
  await runAdmin('topics hide moderated');
  expect(await printed('topics list --show hidden')).toContain('moderated: ');
  await expect(runAdmin('topics hide moderated')).rejects.toThrow('is hidden already');
  await runAdmin('topics show moderated');
  expect(await printed('topics list --show hidden')).toBe('0 topics.');
  await runAdmin(`topics give moderated ${username}`);
  const roles = await site.db.selectFrom('topicRoles').where('userId', '=', id).select('role').execute();
  expect(roles).toEqual([{ role: 'owner' }]);
  await runAdmin('topics default moderated');
  expect(await printed('topics list moderated')).toContain('default');
});

it('refuses invalid arguments and unknown users', async () => {
  for (const line of [
    'sessions end',
    'sessions end --user a --all',
    'users',
    'users disable',
    'users crown a',
    'users list --show all-of-them',
    'topics give moderated',
    'topics',
    'users disable a b',
    'audit',
    'audit verify a',
    'site set colour red',
    'site claim now',
    'users invite',
    'review accept x',
    'review merge 1',
    'stuffing set-apart group 1 x',
    'stuffing restore alarm',
    'record list --show none',
  ])
    expect(() => runAdmin(line), line).toThrow(UsageError);
  await expect(runAdmin('users disable nobody-at-all')).rejects.toThrow('nobody called nobody-at-all');
});
