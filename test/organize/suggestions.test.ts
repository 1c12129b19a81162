import { beforeAll, expect, it } from 'vitest';
import { type Browser, member, read, useSite, visit, vote } from '../site.js';
import { eventsOf, type MadeTopic, makeTopic, thingId } from './made-topic.js';

const site = useSite();
const small = useSite({ maxThingsPerTopic: 3 });

let made: MadeTopic;
beforeAll(async () => {
  made = await makeTopic(site, { things: 'Green tea\nApple pie\nJam' });
  const settings = { title: 'Lunch', question: 'Which one?', access: 'link', goal: 'order', top: '3' };
  const form = { ...settings, results: 'always', zone: 'UTC', suggestions: '1' };
  await made.browser.post(`${made.manage}/settings`).type('form').send(form).expect(303);
  await made.browser.post(`${made.manage}/open`).expect(303);
});

const suggest = (browser: Browser, fields: Record<string, string>) =>
  browser.post(`/topics/${made.slug}/suggest`).type('form').send(fields);

const decide = (id: number, fields: Record<string, string>) =>
  made.browser.post(`${made.manage}/review/suggestions/${id}`).type('form').send(fields);

/** What a voter sees of their suggestions. */
async function stateOf(browser: Browser): Promise<string[]> {
  const $ = read((await browser.get(`/topics/${made.slug}/suggest`).expect(200)).text);
  return $('.entries li')
    .toArray()
    .map((li) => $(li).text().replace(/\s+/g, ' ').trim());
}

async function idOf(name: string): Promise<number> {
  const { id } = await site.db
    .selectFrom('suggestions')
    .where('name', '=', name)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

it('lets voters propose, shows what is like it beside it, and tells them what became of it', async () => {
  const { browser, username } = await member(site);
  await suggest(browser, { name: 'Green teas', description: 'Hot', link: '' }).expect(303);
  await suggest(browser, { name: 'Cake', description: '', link: '' }).expect(303);
  await suggest(browser, { name: 'Spam', description: '', link: '' }).expect(303);
  expect((await stateOf(browser)).every((text) => text.includes('not decided yet'))).toBe(true);

  const $ = read((await made.browser.get(`${made.manage}/review`).expect(200)).text);
  expect(
    $('h3')
      .toArray()
      .map((h3) => $(h3).text()),
  ).toEqual(['Green teas', 'Cake', 'Spam']);
  expect($('main').text()).toContain(username);
  expect($('form.card').first().find('[name=into]').val()).toBe('Green tea');
  expect($('form.card').eq(1).find('[name=into]').val()).toBe('');

  await decide(await idOf('Green teas'), { action: 'merge', into: 'green tea' }).expect(303);
  await decide(await idOf('Cake'), {
    action: 'accept',
    name: 'Carrot cake',
    description: 'Moist',
    link: '',
  }).expect(303);
  await decide(await idOf('Spam'), { action: 'refuse', reason: 'This is no lunch.' }).expect(303);
  expect(await stateOf(browser)).toEqual([
    'Spam Not taken: This is no lunch.',
    'Cake Accepted as Carrot cake',
    'Green teas It is there already: Green tea',
  ]);
  await site.boards.refresh();
  expect(site.boards.get(made.slug)?.standings.map(({ name }) => name)).toContain('Carrot cake');
  const events = await eventsOf(site, made);
  expect(events).toEqual(
    expect.arrayContaining(['suggestion merged', 'suggestion accepted', 'suggestion refused']),
  );
});

it('keeps what an organiser typed when a decision can’t be taken', async () => {
  const { browser } = await member(site);
  await suggest(browser, { name: 'Soup', description: '', link: '' }).expect(303);
  const id = await idOf('Soup');
  for (const [fields, error] of [
    [{ action: 'accept', name: 'JAM' }, 'A thing of this topic has this name'],
    [{ action: 'accept', name: '' }, 'The name is empty'],
    [{ action: 'merge', into: 'Nothing', name: 'x' }, 'Write the name of a thing'],
    [{ action: 'refuse', reason: ' ', name: 'x' }, 'Say in 1 to 300 characters why'],
  ] as const) {
    const $ = read((await decide(id, fields).expect(422)).text);
    expect($(`#suggestion-${id} .error`).text()).toContain(error);
    expect($(`#suggestion-${id} [name=name]`).val()).toBe(fields.name);
  }
  await decide(id, { action: 'refuse', reason: 'No.' }).expect(303);
  await decide(id, { action: 'accept', name: 'Soup' }).expect(422);
});

it('refuses what is there, what is proposed already, and what is not valid, and keeps what was typed', async () => {
  const { browser } = await member(site);
  await suggest(browser, { name: 'Bread', description: '', link: '' }).expect(303);
  for (const [name, error] of [
    ['jam', 'This topic has it already.'],
    ['BREAD', 'Somebody has proposed it already.'],
    ['', 'This is empty.'],
  ] as const) {
    const $ = read((await suggest(browser, { name, description: 'Good', link: '' }).expect(422)).text);
    expect($('#name-error').text()).toBe(error);
    expect($('#description').val()).toBe('Good');
  }
  await suggest(browser, { name: 'Rice', description: '', link: 'javascript:alert(1)' }).expect(422);
  for (let number = 0; number < 9; number++)
    await suggest(browser, { name: `Number ${number}`, description: '', link: '' }).expect(303);
  const $ = read((await suggest(browser, { name: 'One more', description: '', link: '' }).expect(422)).text);
  expect($('#name-error').text()).toContain('Try again later');
});

it('lets guests propose after their first vote', async () => {
  const guest = visit(site);
  await suggest(guest, { name: 'Noodles', description: '', link: '' }).expect(403);
  await vote(guest, 'left', `/topics/${made.slug}/vote`);
  await suggest(guest, { name: 'Noodles', description: '', link: '' }).expect(303);
  expect(await stateOf(guest)).toEqual(['Noodles The organisers have not decided yet']);
});

it('takes flags of things, once from each voter, and closes them', async () => {
  const { browser } = await member(site);
  const pie = await thingId(site, made, 'Apple pie');
  const address = `/topics/${made.slug}/flag/${pie}`;
  await site.boards.refresh();
  const page = read((await browser.get(`/topics/${made.slug}/things/${pie}`).expect(200)).text);
  expect(page(`a[href="${address}"]`)).toHaveLength(1);
  await browser.post(address).type('form').send({ reason: ' ' }).expect(422);
  await browser.post(address).type('form').send({ reason: 'It is there twice' }).expect(303);
  await browser.post(address).type('form').send({ reason: 'It is there three times' }).expect(303);
  const queue = read((await made.browser.get(`${made.manage}/review`)).text);
  expect(queue('.entries li').text()).toContain('It is there three times');
  expect(queue('.entries li')).toHaveLength(1);
  const form = String(queue('.entries form').attr('action'));
  await made.browser.post(form).expect(303);
  await made.browser.post(form).expect(303);
  expect(read((await made.browser.get(`${made.manage}/review`)).text)('.entries li')).toHaveLength(0);
});

it('is closed where a topic takes no suggestions, and to strangers', async () => {
  const other = await makeTopic(site);
  await other.browser.post(`${other.manage}/open`).expect(303);
  const { browser } = await member(site);
  await browser.get(`/topics/${other.slug}/suggest`).expect(404);
  await browser.get(`/topics/${other.slug}/flag/${await thingId(site, other, 'Tea')}`).expect(404);
  await browser.get(`/topics/${made.slug}/flag/${await thingId(site, other, 'Tea')}`).expect(404);
  await browser.get(`${made.manage}/review`).expect(404);
  await suggest(browser, { name: 'Of another topic', description: '', link: '' }).expect(303);
  const id = await idOf('Of another topic');
  await other.browser
    .post(`${other.manage}/review/suggestions/${id}`)
    .type('form')
    .send({ action: 'refuse', reason: 'x' })
    .expect(422);
  expect(await stateOf(browser)).toEqual(['Of another topic The organisers have not decided yet']);
});

it('accepts no suggestion beyond the things that a topic may have', async () => {
  const full = await makeTopic(small, { things: 'Tea\nPie\nJam' });
  await small.db
    .updateTable('topics')
    .set({ takesSuggestions: true })
    .where('slug', '=', full.slug)
    .execute();
  await full.browser.post(`${full.manage}/open`).expect(303);
  const fields = { name: 'Cake', description: '', link: '' };
  await full.browser.post(`/topics/${full.slug}/suggest`).type('form').send(fields).expect(303);
  const { id } = await small.db.selectFrom('suggestions').select('id').executeTakeFirstOrThrow();
  const accept = full.browser.post(`${full.manage}/review/suggestions/${id}`).type('form');
  const answer = await accept.send({ ...fields, action: 'accept' }).expect(422);
  const $ = read(answer.text);
  expect($('main').text()).toContain('as many things as a topic may have');
  expect($('[name=name]').val()).toBe('Cake');
});

it('keeps what was typed for a topic that has closed', async () => {
  const closed = await makeTopic(site, { things: 'Tea\nPie\nJam' });
  await site.db
    .updateTable('topics')
    .set({ takesSuggestions: true })
    .where('slug', '=', closed.slug)
    .execute();
  await closed.browser.post(`${closed.manage}/open`).expect(303);
  const fields = { name: 'Nut bread', description: '', link: '' };
  await closed.browser.post(`/topics/${closed.slug}/suggest`).type('form').send(fields).expect(303);
  await closed.browser.post(`${closed.manage}/close`).expect(303);

  const review = closed.browser.post(`${closed.manage}/review/suggestions/${await idOf('Nut bread')}`);
  const refusal = { ...fields, action: 'refuse', reason: 'There are nuts in it.' };
  const answer = await review.type('form').send(refusal).expect(422);
  expect(read(answer.text)('main').text()).toContain('Voting is closed');
  expect(answer.text).toContain('There are nuts in it.');

  const add = closed.browser.post(`${closed.manage}/things/new`).type('form');
  const page = read((await add.send({ things: 'Rye bread', action: 'add' }).expect(422)).text);
  expect(page('#things-error').text()).toContain('Voting is closed');
  expect(page('#things').val()).toBe('Rye bread');
});
