import { expect, it } from 'vitest';
import { guestVotes, makeTopic, memberWith } from '../organize/topics.js';
import { member, read, topic, useSite, visit } from '../site.js';
import { actsOf, admin, open, send, textsOf } from './admins.js';

const site = useSite();

it('finds topics by a part of their title, whatever their access', async () => {
  const boss = await admin(site);
  for (const [title, access] of [
    ['Owls of the world', 'invited'],
    ['Night owls', 'link'],
    ['Bats', 'public'],
  ] as const)
    await makeTopic(site, { title, access });
  expect(textsOf(await open(boss, '/topics?q=OWLS'), '.entries .name bdi')).toEqual([
    'Night owls',
    'Owls of the world',
  ]);
});

it('hides a topic from all but its organisers and admins, and shows it again', async () => {
  const made = await makeTopic(site, { access: 'public', title: 'Hidden things' });
  const [boss, organiser, stranger] = [
    await admin(site),
    await memberWith(site, made, 'organiser'),
    await member(site),
  ];
  const guest = visit(site);
  expect(await guestVotes(site, made, 1)).toEqual([303]);
  const { id: thing } = await site.db
    .selectFrom('things')
    .where('topicId', '=', made.id)
    .select('id')
    .executeTakeFirstOrThrow();
  const paths = [
    `${made.path}/vote`,
    `${made.path}/top`,
    `${made.path}/ranking`,
    `/things/${thing}`,
    `/api${made.path}/top`,
  ];
  for (const path of paths) await guest.get(path).expect(200);
  await send(boss, `/topics/${made.id}/hide`).expect(303);
  for (const path of paths) {
    await guest.get(path).expect(404);
    await stranger.browser.get(path).expect(404);
    await organiser.browser.get(path).expect(200);
    await boss.browser.get(path).expect(200);
  }
  const form = { ballot: 'x', choice: 'left' };
  await stranger.browser.post(`${made.path}/vote`).type('form').send(form).expect(404);
  expect((await guest.get('/topics')).text).not.toContain('Hidden things');
  await organiser.browser.get(`${made.path}/manage`).expect(200);
  expect(textsOf(await open(boss, '/topics?show=hidden'), '.entries .name bdi')).toEqual(['Hidden things']);
  await send(boss, `/topics/${made.id}/show`).expect(303);
  for (const path of paths) await guest.get(path).expect(200);
  expect((await actsOf(site, boss)).map(({ kind, reason }) => [kind, reason])).toEqual([
    ['admin-topic-shown', `topic ${made.id}`],
    ['admin-topic-hidden', `topic ${made.id}`],
  ]);
});

it('opens nothing by the code or a personal link of a topic while it is hidden', async () => {
  const made = await makeTopic(site);
  const [boss, { browser }] = [await admin(site), made.owner];
  await browser.post(`${made.path}/manage/code`).expect(303);
  await browser.post(`${made.path}/manage/voters`).type('form').send({ names: 'Ann', track: '' }).expect(303);
  const link = /\/join\/[\w-]{22}/.exec((await browser.get(`${made.path}/manage/voters`)).text)?.[0] ?? '';
  const topics = site.db.selectFrom('topics').where('id', '=', made.id).select('code');
  const { code } = await topics.executeTakeFirstOrThrow();
  const guest = visit(site);
  const statuses = async () => [
    (await guest.get(link)).status,
    (await guest.post(link)).status,
    (await guest.post('/join').type('form').send({ code })).status,
  ];
  await send(boss, `/topics/${made.id}/hide`).expect(303);
  expect(await statuses()).toEqual([404, 404, 422]);
  await send(boss, `/topics/${made.id}/show`).expect(303);
  expect(await statuses()).toEqual([200, 303, 303]);
});

it('makes a public topic the default one, and then refuses to hide it', async () => {
  await topic(site);
  const boss = await admin(site);
  const made = await makeTopic(site, { access: 'public', title: 'The new default' });
  const hidden = await makeTopic(site, { access: 'link', title: 'By link' });
  await send(boss, `/topics/${hidden.id}/default`).expect(409);
  await send(boss, `/topics/${made.id}/default`).expect(303);
  expect((await visit(site).get('/vote')).text).toContain('The new default');
  await send(boss, `/topics/${made.id}/hide`).expect(409);
  await expect(
    site.db.updateTable('topics').set({ hiddenAt: new Date() }).where('id', '=', made.id).execute(),
  ).rejects.toThrow('topics_default_is_seen');
  const { id } = await site.db
    .selectFrom('topics')
    .where('slug', '=', 'foods')
    .select('id')
    .executeTakeFirstOrThrow();
  await send(boss, `/topics/${id}/default`).expect(303);
  expect((await visit(site).get('/vote')).text).not.toContain('The new default');
});

it('hands a topic over to a person by name, and keeps the form when there is nobody', async () => {
  const made = await makeTopic(site, { title: 'Left alone' });
  const [boss, heir] = [await admin(site), await member(site)];
  const page = await send(boss, `/topics/${made.id}/hand-over`, { username: 'no such name' }).expect(422);
  expect(read(page.text)('#username').val()).toBe('no such name');
  await send(boss, `/topics/${made.id}/hand-over`, { username: heir.username.toUpperCase() }).expect(303);
  const roles = await site.db
    .selectFrom('topicRoles')
    .where('topicId', '=', made.id)
    .select(['userId', 'role'])
    .execute();
  expect(new Map(roles.map(({ userId, role }) => [userId, role]))).toEqual(
    new Map([
      [made.owner.id, 'organiser'],
      [heir.id, 'owner'],
    ]),
  );
  // The records have the number of a person, who may take another name and leave.
  await heir.browser.post('/profile/name').type('form').send({ 'new-name': 'the-heir' }).expect(303);
  const $ = await open(boss, '/activity?person=the-heir');
  expect(textsOf($, '.entries [dir=auto]')).toContain('the-heir');
  expect((await actsOf(site, boss))[0]?.reason).toBe(`topic ${made.id}: person ${heir.id}`);
  const log = read((await heir.browser.get(`${made.path}/manage/activity`)).text);
  expect(textsOf(log, 'main li')[0]).toContain('the-heir');
  const records = await site.db.selectFrom('topicEvents').select('details').execute();
  expect(JSON.stringify(records)).not.toContain(heir.username);
});

it('hands over a topic that belongs to nobody', async () => {
  await topic(site, { slug: 'orphans' });
  const [boss, heir] = [await admin(site), await member(site)];
  const { id } = await site.db
    .selectFrom('topics')
    .where('slug', '=', 'orphans')
    .select('id')
    .executeTakeFirstOrThrow();
  expect(textsOf(await open(boss, `/topics/${id}`), '#people + p')).toEqual([
    'Nobody: it belongs to the site.',
  ]);
  await send(boss, `/topics/${id}/hand-over`, { username: heir.username }).expect(303);
  await heir.browser.get('/topics/orphans/manage').expect(200);
});
