import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { makeTopic } from '../../organize/topics.js';
import { member, read, useSite, visit } from '../../site.js';
import { admin, send } from '../admins.js';
import { printed, runAdmin } from './run-admin.js';

const site = useSite();

it('makes a link for the first admin, and none when there is one', async () => {
  const path = /(\/claim\/[\w-]+)/.exec(await printed(site, 'site claim'))?.[1] ?? '';
  const { browser } = await member(site);
  await browser.post(path).expect(303);
  await browser.get('/admin').expect(200);
  await expect(runAdmin(site, 'site claim')).rejects.toThrow('has an admin already');
});

it('shows the settings of the site, changes one, and refuses what the page refuses', async () => {
  expect(await printed(site, 'site show')).toContain('name: Thinga\ncontact: none\nregistration: anyone');
  expect(await printed(site, 'site set name The Owls')).toContain('name: The Owls');
  await runAdmin(site, 'site set registration invitation');
  await expect(runAdmin(site, 'site set registration everyone')).rejects.toThrow('Choose who may register.');
  await expect(runAdmin(site, 'site set light #ffd700')).rejects.toThrow('its contrast is 1.');
  await site.settings.refresh();
  expect(site.settings.current).toMatchObject({
    name: 'The Owls',
    registration: 'invitation',
    colors: undefined,
  });
  const page = await visit(site).get('/register').expect(403);
  expect(read(page.text)('.logo').text().trim()).toBe('The Owls');
});

it('prints a link with which one person can register', async () => {
  await runAdmin(site, 'site set registration invitation');
  await site.settings.refresh();
  const link = /^(\S+\/register\S+)\n/.exec(await printed(site, 'users invite Ann'))?.[1] ?? '';
  const { pathname, search, searchParams } = new URL(link);
  await visit(site)
    .get(pathname + search)
    .expect(200);
  const form = {
    username: 'ann',
    password: 'a long enough phrase',
    invitation: searchParams.get('invitation'),
  };
  await visit(site).post('/register').type('form').send(form).expect(303);
  await runAdmin(site, 'site set registration anyone');
  await site.settings.refresh();
});

it('decides on what voters proposed and flagged', async () => {
  const { id, path, owner } = await makeTopic(site, { title: 'Drinks' });
  for (const name of ['Tea', 'Coffee', 'Mud'])
    await site.db.insertInto('suggestions').values({ topicId: id, name }).execute();
  await sql`insert into flags (topic_id, thing_id, reason)
    select ${id}, min(id), 'Odd' from things where topic_id = ${id}`.execute(site.db);
  const ids = async () =>
    [...(await printed(site, 'review list')).matchAll(/(?:suggestion|flag) (\d+), Drinks/g)].map(
      ([, one]) => one,
    );
  const [tea, coffee, mud, flag] = await ids();
  await runAdmin(site, `review accept ${tea}`);
  await runAdmin(site, `review merge ${coffee} TEA`);
  await expect(runAdmin(site, `review refuse ${mud}`)).rejects.toThrow('Say in 1 to 300 characters why');
  await runAdmin(site, `review refuse ${mud} --reason Dirty`);
  await runAdmin(site, `review close ${flag}`);
  expect(await ids()).toEqual([]);
  expect(await printed(site, 'review list')).toBe('0 suggestions and 0 flags.');
  await expect(runAdmin(site, `review accept ${tea}`)).rejects.toThrow('waits for a decision');
  await expect(runAdmin(site, 'review close 99999')).rejects.toThrow('there is no flag');
  const { text } = await owner.browser.get(`${path}/manage/activity`).expect(200);
  for (const event of ['Suggestion accepted', 'Suggestion merged', 'Suggestion refused', 'Flag closed'])
    expect(text).toContain(event);
});

it('lists voters who may be one person, sets them apart, and restores them', async () => {
  const { id } = await makeTopic(site, { title: 'Stuffed' });
  const group = 'a'.repeat(64);
  const people = [await member(site), await member(site)];
  const things = site.db.selectFrom('things').where('topicId', '=', id).select('id');
  const { id: thingId } = await things.executeTakeFirstOrThrow();
  for (const { id: voterId } of people) {
    await site.db.updateTable('voters').set({ networkGroup: group }).where('id', '=', voterId).execute();
    await site.db
      .insertInto('topicVoters')
      .values({ topicId: id, voterId, votes: 3, skips: 0, latestAt: new Date(), recentPairs: '[]' })
      .execute();
  }
  await sql`insert into group_leans (topic_id, network_group, thing_id, sum, variance)
    values (${id}, ${group}, ${thingId}, 6, 1)`.execute(site.db);
  const list = () => printed(site, 'stuffing list');
  expect(await list()).toMatch(/group \d+ a{64}, Stuffed: up with .*; 2 voters, 0 of them left out/);
  expect(await printed(site, `stuffing set-apart group ${id} ${group}`)).toContain('2 voters are left out');
  expect(await list()).toContain('2 of them left out');
  expect(await printed(site, `stuffing restore group ${id} ${group}`)).toContain('2 voters count again');
  await expect(runAdmin(site, 'stuffing set-apart alarm 99999')).rejects.toThrow('the list has none');
});

it('lists what admins did, and what a person did', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await send(boss, `/people/${person.id}/disable`, { reason: 'Spam' }).expect(303);
  const line = `${boss.username}: Account disabled: ${person.username}: Spam`;
  expect(await printed(site, 'record list')).toContain(line);
  expect(await printed(site, `record list ${boss.username}`)).toContain(line);
  expect(await printed(site, `record list ${person.username} --show accounts`)).toContain(
    `${person.username}: Account was disabled: Spam`,
  );
  const { username } = await member(site);
  expect(await printed(site, `record list ${username}`)).toBe('Nothing so far.');
});
