import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { purgeTopics } from '../../src/catalog/remove-topic.js';
import { type Browser, member, read, useSite, visit, vote } from '../site.js';
import { guestVotes, type MadeTopic, type Member, makeTopic, memberWith } from './topics.js';

const site = useSite();

async function makeLink({ path, owner }: MadeTopic, role: string): Promise<string> {
  await owner.browser.post(`${path}/manage/people/links`).type('form').send({ role }).expect(303);
  const $ = read((await owner.browser.get(`${path}/manage/people`).expect(200)).text);
  return new URL(String($('input[data-copy]').first().val())).pathname;
}

const rolesIn = async ({ id }: MadeTopic): Promise<Record<string, string>> => {
  const rows = await site.db
    .selectFrom('topicRoles')
    .innerJoin('users', 'users.id', 'userId')
    .where('topicId', '=', id)
    .select(['username', 'topicRoles.role'])
    .execute();
  return Object.fromEntries(rows.map(({ username, role }) => [username, role]));
};

/** Does something to a person: `{ remove: person }`. */
function act(browser: Browser, topic: MadeTopic, what: Record<string, Member>) {
  const [[verb, person] = expect.fail()] = Object.entries(what);
  return browser.post(`${topic.path}/manage/people/${person.id}/${verb}`);
}

it('gives a role by a link, once, and shows the link once', async () => {
  const topic = await makeTopic(site);
  const link = await makeLink(topic, 'organiser');
  const [helper, late] = [await member(site), await member(site)];
  const page = await helper.browser.get(link).expect(200);
  expect(page.headers['referrer-policy']).toBe('strict-origin');
  expect(read(page.text)('main').text()).toContain(topic.owner.username);
  expect(await rolesIn(topic)).toEqual({ [topic.owner.username]: 'owner' });
  // Somebody without an account is asked to log in, and the token goes nowhere.
  const visitor = await visit(site).get(link).expect(200);
  expect(read(visitor.text)('main form')).toHaveLength(0);
  expect(visitor.text).not.toContain(link.split('/').at(-1) ?? '');
  const { headers } = await helper.browser.post(link).expect(303);
  expect(headers.location).toBe(`${topic.path}/manage`);
  await helper.browser.get(`${topic.path}/manage`).expect(200);
  expect(await rolesIn(topic)).toMatchObject({ [helper.username]: 'organiser' });
  for (const request of [late.browser.get(link), late.browser.post(link)]) await request.expect(404);
});

it('refuses a link that has expired or was turned off, and takes no role away by one', async () => {
  const topic = await makeTopic(site);
  const { browser } = await member(site);
  const old = await makeLink(topic, 'viewer');
  await site.db
    .updateTable('roleLinks')
    .set({ expiresAt: new Date() })
    .where('topicId', '=', topic.id)
    .execute();
  await browser.post(old).expect(404);
  const off = await makeLink(topic, 'viewer');
  const { id } = await site.db
    .selectFrom('roleLinks')
    .where('topicId', '=', topic.id)
    .select('id')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  await topic.owner.browser.post(`${topic.path}/manage/people/links/${id}/off`).expect(303);
  await browser.post(off).expect(404);
  const forViewer = await makeLink(topic, 'viewer');
  await topic.owner.browser.post(forViewer).expect(303);
  expect(await rolesIn(topic)).toEqual({ [topic.owner.username]: 'owner' });
  await browser.post(forViewer).expect(303);
});

it('removes people, lets them leave, hands over, and keeps an owner', async () => {
  const topic = await makeTopic(site);
  const { owner } = topic;
  const [organiser, viewer] = [
    await memberWith(site, topic, 'organiser'),
    await memberWith(site, topic, 'viewer'),
  ];
  await act(organiser.browser, topic, { remove: viewer }).expect(403);
  await act(viewer.browser, topic, { remove: viewer }).expect(303);
  await viewer.browser.get(`${topic.path}/manage`).expect(404);
  await act(owner.browser, topic, { remove: owner }).expect(409);
  await act(organiser.browser, topic, { 'hand-over': organiser }).expect(403);
  await act(owner.browser, topic, { 'hand-over': viewer }).expect(404);
  await act(owner.browser, topic, { 'hand-over': organiser }).expect(303);
  expect(await rolesIn(topic)).toEqual({ [owner.username]: 'organiser', [organiser.username]: 'owner' });
  await act(organiser.browser, topic, { remove: owner }).expect(303);
  expect(await rolesIn(topic)).toEqual({ [organiser.username]: 'owner' });
  const remove = site.db.deleteFrom('topicRoles').where('topicId', '=', topic.id).where('role', '=', 'owner');
  await memberWith(site, topic, 'viewer');
  await expect(remove.execute()).rejects.toThrow('needs an owner');
});

it('writes down what was done, with names', async () => {
  const topic = await makeTopic(site);
  const link = await makeLink(topic, 'viewer');
  const { browser, username } = await member(site);
  await browser.post(link).expect(303);
  const names = 'Owl\nEagle owl\nBarn owl';
  const add = { things: names, action: 'add' };
  await topic.owner.browser.post(`${topic.path}/manage/things/new`).type('form').send(add).expect(303);
  const owl = await site.db
    .selectFrom('things')
    .where('topicId', '=', topic.id)
    .where('name', '=', 'Barn owl')
    .select('id')
    .executeTakeFirstOrThrow();
  await topic.owner.browser.post(`${topic.path}/manage/things/${owl.id}/retire`).expect(303);
  const $ = read((await browser.get(`${topic.path}/manage/activity`).expect(200)).text);
  const entries = $('.entries li')
    .map((_, entry) => $(entry).text().replace(/\s+/g, ' ').trim())
    .get();
  expect(entries[0]).toContain(`Thing retired, Barn owl ${topic.owner.username}`);
  expect(entries[1]).toContain(`Things added: 3 ${topic.owner.username}`);
  expect(entries[2]).toContain(`Role taken, viewer ${username}`);
  expect(entries.at(-1)).toContain(`Created ${topic.owner.username}`);
});

it('deletes a topic for a week, restores it, and then removes it for good', async () => {
  const topic = await makeTopic(site, { access: 'public', title: 'Puffins' });
  const { browser } = topic.owner;
  await guestVotes(site, topic, 3);
  const voter = await member(site);
  await vote(voter.browser, 'left', `${topic.path}/vote`);
  await site.rank();
  await browser.post(`${topic.path}/manage/delete`).expect(303);
  for (const page of ['/vote', '/top', '/data.json', '/manage', '/manage/activity'])
    await browser.get(`${topic.path}${page}`).expect(404);
  for (const path of ['/', '/topics', '/how', '/api/topics'])
    expect((await visit(site).get(path)).text).not.toContain('Puffins');
  await voter.browser.get('/profile').expect(200);
  expect(read((await browser.get(`${topic.path}/manage/restore`).expect(200)).text)('h1').text()).toContain(
    'is deleted',
  );
  await browser.post(`${topic.path}/manage/restore`).expect(303);
  await visit(site).get(`${topic.path}/top`).expect(200);

  await browser.post(`${topic.path}/manage/delete`).expect(303);
  await purgeTopics(site.db);
  await site.db
    .updateTable('topics')
    .set({ deletedAt: sql<Date>`now() - interval '8 days'` })
    .where('id', '=', topic.id)
    .execute();
  await browser.post(`${topic.path}/manage/restore`).expect(404);
  await purgeTopics(site.db);
  for (const table of ['topics', 'things', 'votes'] as const) {
    const rows =
      await sql`select from ${sql.table(table)} where ${sql.ref(table === 'topics' ? 'id' : 'topic_id')} = ${topic.id}`.execute(
        site.db,
      );
    expect([table, rows.rows]).toEqual([table, []]);
  }
  // The ranking of the others goes on.
  await site.rank();
});

it('deletes no votes of a topic that can be restored', async () => {
  const topic = await makeTopic(site);
  await guestVotes(site, topic, 1);
  await topic.owner.browser.post(`${topic.path}/manage/delete`).expect(303);
  const remove = sql`delete from votes where topic_id = ${topic.id}`.execute(site.db);
  await expect(remove).rejects.toThrow('append-only');
});

it('copies a topic as a draft, with things and settings, without votes', async () => {
  const topic = await makeTopic(site, { results: 'after closing', things: 4 });
  await guestVotes(site, topic, 2);
  const { headers } = await topic.owner.browser.post(`${topic.path}/manage/copy`).expect(303);
  const slug = String(headers.location).split('/')[2] ?? '';
  expect(slug).not.toBe(topic.slug);
  const copy = await site.db
    .selectFrom('topics')
    .where('slug', '=', slug)
    .selectAll()
    .executeTakeFirstOrThrow();
  expect(copy).toMatchObject({
    title: 'Lunch (copy)',
    phase: 'draft',
    results: 'after closing',
    access: 'link',
  });
  const namesIn = async (topicId: number) =>
    (
      await site.db.selectFrom('things').where('topicId', '=', topicId).select('name').orderBy('id').execute()
    ).map(({ name }) => name);
  expect(await namesIn(copy.id)).toEqual(await namesIn(topic.id));
  expect(await site.db.selectFrom('votes').where('topicId', '=', copy.id).select('id').execute()).toEqual([]);
});

it('hands the topics of a closed account on, or deletes them', async () => {
  const [shared, handed, alone] = [
    await makeTopic(site, { title: 'Shared' }),
    await makeTopic(site, { title: 'Handed' }),
    await makeTopic(site, { title: 'Alone' }),
  ];
  const leaver = shared.owner;
  for (const { id, owner } of [handed, alone]) {
    await site.db
      .updateTable('topicRoles')
      .set({ userId: leaver.id })
      .where('topicId', '=', id)
      .where('userId', '=', owner.id)
      .execute();
  }
  const coOwner = await memberWith(site, shared, 'owner');
  const organiser = await memberWith(site, handed, 'organiser');
  await memberWith(site, alone, 'viewer');
  const closing = read((await leaver.browser.get('/profile/close').expect(200)).text)('main')
    .text()
    .replace(/\s+/g, ' ');
  expect(closing).toContain(`Handed goes to ${organiser.username}`);
  expect(closing).toContain('Alone is deleted');
  expect(closing).not.toContain('Shared');
  await leaver.browser
    .post('/profile/close')
    .type('form')
    .send({ person: leaver.id, votes: 'keep' })
    .expect(303);
  expect(await rolesIn(shared)).toEqual({ [coOwner.username]: 'owner' });
  expect(await rolesIn(handed)).toEqual({ [organiser.username]: 'owner' });
  expect(await rolesIn(alone)).toEqual({});
  await site.boards.refresh();
  await visit(site).get(`${alone.path}/vote`).expect(404);
  await visit(site).get(`${handed.path}/vote`).expect(200);
});
