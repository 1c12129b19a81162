import { sql } from 'kysely';
import { expect, inject, it, vi } from 'vitest';
import { adminCommand } from '../../src/admin/admin-command.js';
import { UsageError } from '../../src/command-line.js';
import { itOnRedis, member, read, topic, useSite, visit, vote } from '../site.js';

const site = useSite({ trustProxy: 1 });

const admin = (line: string, redisUrl = inject('redis')) =>
  adminCommand(line.split(' '))({ db: site.db, config: { ...site.config, redisUrl }, prefix: site.prefix });

it('ends one person’s sessions, at once and with a reason', async () => {
  const [one, other] = [await member(site), await member(site)];
  await admin(`sessions end --user ${one.username.toUpperCase()}`);
  await one.browser.get('/profile').expect(303);
  expect(read((await one.browser.get('/login')).text)('.flash').text()).toContain('people who run this site');
  await other.browser.get('/profile').expect(200);
});

it('ends everybody’s sessions', async () => {
  const people = [await member(site), await member(site)];
  await admin('sessions end --all');
  for (const { browser } of people) await browser.get('/profile').expect(303);
  const live = await site.db.selectFrom('sessions').where('status', '=', 'active').select('id').execute();
  expect(live).toEqual([]);
});

it('disables an account: logged out everywhere, and no log-in works any more', async () => {
  const { browser, username, password } = await member(site);
  await admin(`users disable ${username}`);
  await browser.get('/profile').expect(303);
  await visit(site).post('/login').type('form').send({ username, password }).expect(422);
});

itOnRedis('opens an account to its owner’s new devices again', async () => {
  const { id, username, password } = await member(site);
  const log = (guess: string) => visit(site).post('/login').type('form').send({ username, password: guess });
  for (let guess = 1; guess <= 6; guess++) await log(`a wrong guess ${guess}`).expect(422);
  await log(password).expect(422);
  await admin(`users unlock ${username.toUpperCase()}`);
  await log(password).expect(303);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toContain('unlocked');
});

it('says where failed log-ins are counted without Redis', async () => {
  const { username } = await member(site);
  await expect(admin(`users unlock ${username}`, '')).rejects.toThrow('a restart forgets them');
});

it('voids a person’s votes: the ranking forgets them, and the person reads who did that', async () => {
  await topic(site);
  const { browser, username } = await member(site);
  for (const choice of ['left', 'tie'] as const) await vote(browser, choice);
  await site.rank();
  expect(await site.db.selectFrom('ratings').select('thingId').execute()).not.toEqual([]);
  await admin(`votes void ${username}`);
  await site.rank();
  expect(await site.db.selectFrom('ratings').select('thingId').execute()).toEqual([]);
  const { text } = await browser.get('/profile/sessions');
  expect(text).toContain('The people who run this site decided that your votes count no more');
});

it('leaves a person’s votes out of the ranking, those cast later as well, until they are restored', async () => {
  await topic(site, { slug: 'apart', names: ['Tea', 'Pie', 'Jam', 'Fig'] });
  const path = '/topics/apart/vote';
  const { browser, username } = await member(site);
  const other = await member(site);
  await vote(other.browser, 'left', path);
  await vote(browser, 'left', path);
  const counted = async () => {
    await site.rank();
    return site.boards.get('apart')?.votes;
  };
  expect(await counted()).toBe(2);
  await admin(`votes set-apart ${username}`);
  expect(await counted()).toBe(1);
  await vote(browser, 'left', path);
  await vote(other.browser, 'left', path);
  expect(await counted()).toBe(2);
  await admin(`votes restore ${username}`);
  expect(await counted()).toBe(4);
});

it('makes an admin', async () => {
  const { id, username } = await member(site);
  await admin(`users promote ${username}`);
  const user = await site.db.selectFrom('users').where('id', '=', id).select('role').executeTakeFirst();
  expect(user).toEqual({ role: 'admin' });
});

it('says that the record of events is whole, or names the first event that is not', async () => {
  const { id, username } = await member(site);
  const said = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  await admin('audit verify');
  expect(said.mock.lastCall?.[0]).toMatch(/^\d+ events in \d+ chains are whole\.$/);
  said.mockRestore();
  await sql`alter table session_events disable trigger user`.execute(site.db);
  await sql`update session_events set reason = 'idle' where user_id = ${id}`.execute(site.db);
  await expect(admin('audit verify')).rejects.toThrow(`event 1 of ${username} (person ${id}) was changed`);
});

it('says what it takes, and who is not there', async () => {
  for (const line of [
    'sessions end',
    'sessions end --user a --all',
    'users',
    'users disable',
    'users crown a',
    'users disable a b',
    'audit',
    'audit verify a',
  ])
    expect(() => admin(line), line).toThrow(UsageError);
  await expect(admin('users disable nobody-at-all')).rejects.toThrow('nobody called nobody-at-all');
});
