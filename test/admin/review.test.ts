import { expect, it } from 'vitest';
import { makeTopic, reload } from '../organize/topics.js';
import { member, read, useSite } from '../site.js';
import { admin, open, send, textsOf } from './admins.js';

const site = useSite();

it('decides about what voters of all topics proposed and flagged', async () => {
  const [tea, pie] = [await makeTopic(site, { title: 'Teas' }), await makeTopic(site, { title: 'Pies' })];
  const [boss, voter] = [await admin(site), await member(site)];
  for (const [topicId, name] of [
    [tea.id, 'Green tea'],
    [pie.id, 'Apple pie'],
    [pie.id, 'A stone'],
  ] as const)
    await site.db.insertInto('suggestions').values({ topicId, voterId: voter.id, name }).execute();
  const thing = await site.db
    .selectFrom('things')
    .where('topicId', '=', pie.id)
    .selectAll()
    .executeTakeFirstOrThrow();
  const flag = { topicId: pie.id, thingId: thing.id, voterId: voter.id, reason: 'It is no pie' };
  await site.db.insertInto('flags').values(flag).execute();
  await reload(site);

  const $ = await open(boss, '/review');
  expect(textsOf($, 'form h3')).toEqual(['Green tea', 'Apple pie', 'A stone']);
  expect(textsOf($, '#proposed ~ .stack .note a')).toEqual(['Teas', 'Pies', 'Pies']);
  const actions = $('.stack > form')
    .toArray()
    .map((form) => String($(form).attr('action')));
  const decide = (index: number, fields: Record<string, string>) =>
    boss.browser
      .post(actions[index] ?? '')
      .type('form')
      .send(fields);

  const wrong = await decide(1, { action: 'refuse', reason: '', name: 'Apple pie, typed' }).expect(422);
  expect(read(wrong.text)('[name=name]').eq(1).val()).toBe('Apple pie, typed');
  await decide(0, { action: 'accept', name: 'Green tea', description: '', link: '' }).expect(303);
  await decide(1, { action: 'merge', into: thing.name }).expect(303);
  await decide(2, { action: 'refuse', reason: 'It is no pie.' }).expect(303);
  await decide(2, { action: 'refuse', reason: 'Again.' }).expect(422);
  await boss.browser.post(String($('.entries form').attr('action'))).expect(303);
  expect(textsOf(await open(boss, '/review'), '.lead')[0]).toContain('Nothing waits');

  const decided = await site.db
    .selectFrom('suggestions')
    .select(['name', 'decision', 'decidedBy'])
    .orderBy('id')
    .execute();
  expect(decided).toEqual([
    { name: 'Green tea', decision: 'accepted', decidedBy: boss.id },
    { name: 'Apple pie', decision: 'merged', decidedBy: boss.id },
    { name: 'A stone', decision: 'refused', decidedBy: boss.id },
  ]);
});

it.each([
  ['is closed', { phase: 'closed' }],
  ['has just closed by itself', { closesAt: new Date(Date.now() - 1_000) }],
] as const)('decides nothing about a topic that %s', async (_when, closed) => {
  const made = await makeTopic(site);
  await site.db.updateTable('topics').set(closed).where('id', '=', made.id).execute();
  const boss = await admin(site);
  const { id } = await site.db
    .insertInto('suggestions')
    .values({ topicId: made.id, name: 'Too late' })
    .returning('id')
    .executeTakeFirstOrThrow();
  const form = { action: 'accept', name: 'Too late', description: '', link: '' };
  const page = await send(boss, `/review/suggestions/${id}`, form).expect(422);
  expect(page.text).toContain('Voting is closed in this topic');
  const { browser } = made.owner;
  const path = `${made.path}/manage/review/suggestions/${id}`;
  expect((await browser.post(path).type('form').send(form).expect(422)).text).toContain('Voting is closed.');
});
