import { expect, it } from 'vitest';
import { type Browser, HTMX, member, openSite, read, useSite, visit } from '../site.js';

const site = useSite({ maxThingsPerTopic: 12, maxTopicsPerPerson: 3 });

const LUNCH = { title: 'Lunch', question: 'Which one?', access: 'link', things: 'Tea\nPie\nJam' };

const send = (browser: Browser, fields: Record<string, string>) =>
  browser
    .post('/topics/new')
    .type('form')
    .send({ ...LUNCH, action: 'create', ...fields });

const topicsOf = (userId: number) =>
  site.db
    .selectFrom('topics')
    .innerJoin('topicRoles', 'topicId', 'topics.id')
    .where('userId', '=', userId)
    .select(['topics.id', 'title', 'access', 'phase', 'topicRoles.role'])
    .execute();

const namesIn = async (topicId: number): Promise<string[]> => {
  const things = await site.db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .select('name')
    .orderBy('id')
    .execute();
  return things.map(({ name }) => name);
};

it('makes a topic of pasted lines, as a draft of its own', async () => {
  const { browser, id } = await member(site);
  await browser.get('/topics/new').expect(200);
  const { headers } = await send(browser, {}).expect(303);
  expect(headers.location).toMatch(/^\/topics\/[a-z0-9]+\/manage$/);
  const [topic] = await topicsOf(id);
  expect(topic).toMatchObject({ title: 'Lunch', access: 'link', phase: 'draft', role: 'owner' });
  expect(await namesIn(topic?.id ?? 0)).toEqual(['Tea', 'Pie', 'Jam']);
  const page = read((await browser.get(String(headers.location)).expect(200)).text);
  expect(page('h1').text()).toBe('Lunch');
  const events = await site.db
    .selectFrom('topicEvents')
    .where('topicId', '=', topic?.id ?? 0)
    .select('kind')
    .execute();
  expect(events.map(({ kind }) => kind)).toEqual(['created', 'things added']);
});

it('asks visitors to log in before it shows the form', async () => {
  const { headers } = await visit(site).get('/topics/new').expect(303);
  expect(headers.location).toBe('/login?next=%2Ftopics%2Fnew');
});

it('keeps what was typed when the session has ended meanwhile', async () => {
  const page = read((await send(visit(site), { title: 'My own' }).expect(422)).text);
  expect(page('#title').val()).toBe('My own');
  expect(page('#things').val()).toBe(LUNCH.things);
  expect(page('[role=alert]').text()).toContain('You are logged out');
});

it.each([
  ['UTF-8', Buffer.from('\uFEFFname\nCrème brûlée\nTea\n')],
  ['UTF-16', Buffer.from('\uFEFFname\nCrème brûlée\nTea\n', 'utf16le')],
  ['Windows-1252', Buffer.from('name\nCrème brûlée\nTea\n', 'latin1')],
])('takes the things of a file, without a script: %s', async (_encoding, file) => {
  const { browser, id } = await member(site);
  const form = browser
    .post('/topics/new')
    .field({ title: 'Sweets', question: 'Which?', access: 'link', things: '' });
  await form.field('action', 'create').attach('file', file, 'things.csv').expect(303);
  const [topic] = await topicsOf(id);
  expect(await namesIn(topic?.id ?? 0)).toEqual(['Crème brûlée', 'Tea']);
});

it('makes a topic for pictures, and leads to the page that adds them', async () => {
  const { browser, id } = await member(site);
  const wrong = read((await send(browser, { action: 'pictures', title: '' }).expect(422)).text);
  expect(wrong('#title-error').text()).toContain('1 to 80 characters');
  expect(wrong('#question').val()).toBe(LUNCH.question);
  expect(await topicsOf(id)).toEqual([]);
  const { headers } = await send(browser, { action: 'pictures' }).expect(303);
  expect(headers.location).toMatch(/^\/topics\/[a-z0-9]+\/manage\/pictures$/);
  const page = read((await browser.get(String(headers.location)).expect(200)).text);
  expect(page('main').text()).toContain('Now add its pictures.');
  expect(page('input[type=file]').attr('multiple')).toBeDefined();
  const [topic] = await topicsOf(id);
  expect(topic).toMatchObject({ title: 'Lunch', phase: 'draft' });
  expect(await namesIn(topic?.id ?? 0)).toEqual(['Tea', 'Pie', 'Jam']);
});

it('says what is wrong beside each field, and keeps everything', async () => {
  const { browser, id } = await member(site);
  const fields = { title: ' ', question: 'x'.repeat(121), access: 'secret' };
  const page = read((await send(browser, fields).expect(422)).text);
  expect(page('#title-error').text()).toContain('1 to 80 characters');
  expect(page('#question-error').text()).toContain('1 to 120 characters');
  expect(page('.options .error').text()).toBe('Choose who can vote.');
  expect(page('#question').val()).toBe(fields.question);
  expect(page('#things').val()).toBe(LUNCH.things);
  expect(await topicsOf(id)).toEqual([]);
});

it('keeps the correct rows of a table, and mends the others in place', async () => {
  const { browser, id } = await member(site);
  const things = 'name,link\nTea,\nPie,nowhere\ntea,\nJam,';
  const page = read((await send(browser, { things }).expect(422)).text);
  expect(page('#things-error').text()).toContain('2 rows need a look');
  expect(
    page('.rows .wrong .error')
      .toArray()
      .map((error) => page(error).text()),
  ).toEqual([
    'Link "nowhere" is not an address that starts with http:// or https://.',
    'Name “Tea” is in row 2 already.',
  ]);
  const [link = '', name = ''] = page('.rows .wrong input')
    .toArray()
    .map((input) => String(page(input).attr('name')));
  const half = read(
    (await send(browser, { things, [link]: 'https://example.org/', [name]: 'Jam' }).expect(422)).text,
  );
  expect(half('#things').val()).toBe('name,link\nTea,\nPie,https://example.org/\nJam,\nJam,\n');
  await send(browser, { things, [link]: 'https://example.org/', [name]: 'Green tea' }).expect(303);
  const [topic] = await topicsOf(id);
  expect(await namesIn(topic?.id ?? 0)).toEqual(['Tea', 'Pie', 'Green tea', 'Jam']);
});

it('leaves out the rows that are wrong when asked to', async () => {
  const { browser, id } = await member(site);
  await send(browser, { things: 'Tea\nTea\nJam', 'leave-out': '1' }).expect(303);
  const [topic] = await topicsOf(id);
  expect(await namesIn(topic?.id ?? 0)).toEqual(['Tea', 'Jam']);
});

it('previews without making anything, for htmx as a part of the page', async () => {
  const { browser, id } = await member(site);
  const page = read((await send(browser, { action: 'preview' }).expect(422)).text);
  expect(page('#preview-title').text()).toContain('3 things ready');
  const part = await browser.post('/topics/new').set(HTMX).type('form').send(LUNCH).expect(200);
  expect(part.text).not.toContain('<html');
  expect(read(part.text)('.rows li')).toHaveLength(3);
  expect(await topicsOf(id)).toEqual([]);
});

it('fills in from an example only what is empty', async () => {
  const { browser } = await member(site);
  const fields = { title: 'My own', question: '', things: '', action: '', example: 'lunch' };
  const page = read((await send(browser, fields).expect(422)).text);
  expect(page('#title').val()).toBe('My own');
  expect(page('#question').val()).toBe('Which one for all of us?');
  expect(page('#things').val()).toContain('Dumplings');
});

it('has room for long texts, and limits how many things a topic has and how many topics a person', async () => {
  const { browser, id } = await member(site);
  const essay = (number: number) => `Essay ${number},"${'All of it. '.repeat(1_800)}"`;
  await send(browser, {
    things: `name,text\n${Array.from({ length: 12 }, (_, index) => essay(index)).join('\n')}`,
  }).expect(303);
  const many = Array.from({ length: 13 }, (_, index) => `Thing ${index}`).join('\n');
  const page = read((await send(browser, { things: many }).expect(422)).text);
  expect(page('#things-error').text()).toBe('A topic can have 12 things at most.');
  await send(browser, {}).expect(303);
  const last = await Promise.all([send(browser, {}), send(browser, {})]);
  expect(last.map(({ status }) => status).sort()).toEqual([303, 403]);
  expect(await topicsOf(id)).toHaveLength(3);
});

it('lets only admins make topics where the site says so', async () => {
  const strict = await openSite({ topicCreation: 'admins' });
  try {
    const { browser, id } = await member(strict);
    await browser.get('/topics/new').expect(403);
    await send(browser, {}).expect(403);
    await strict.db.updateTable('users').set({ role: 'admin' }).where('id', '=', id).execute();
    await send(browser, {}).expect(303);
  } finally {
    await strict.close();
  }
});

it('lists the topics that somebody runs, with their phase, for nobody else', async () => {
  const { browser } = await member(site);
  const { headers } = await send(browser, { title: 'My lunch' }).expect(303);
  const listed = async (visitor: Browser): Promise<string> =>
    read((await visitor.get('/topics').expect(200)).text)('.yours')
      .text()
      .replace(/\s+/g, ' ')
      .trim();
  expect(await listed(browser)).toBe('Your topics My lunch Draft');
  await browser.post(`${headers.location}/open`).expect(303);
  expect(await listed(browser)).toBe('Your topics My lunch Open');
  expect(await listed((await member(site)).browser)).toBe('');
  expect(await listed(visit(site))).toBe('');
});
