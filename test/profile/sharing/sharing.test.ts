import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { type Browser, member, read, topic, useSite, visit } from '../../site.js';

const site = useSite();
const ODD = '<b>Pie</b> & "cream"';
const FOODS = ['Ramen', ODD, 'خبز طازج', 'Soup 🍜👩‍👩‍👧', 'Toast', 'Curry', 'Salad'.repeat(16)];

beforeAll(() => topic(site, { names: FOODS.map((name) => `"${name.replaceAll('"', '""')}"`) }));

/** Registers a member who prefers the foods in this order, and has answered each pair. */
async function memberWhoPrefers(order = FOODS) {
  const account = await member(site);
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  const known = order.flatMap((name) => things.find((thing) => thing.name === name) ?? []);
  const rows = known.flatMap((better, index) =>
    known.slice(index + 1).map((worse) => ({
      ballotId: randomUUID(),
      topicId: better.topicId,
      voterId: account.id,
      leftId: better.id,
      rightId: worse.id,
      outcome: 'left' as const,
      strategy: 'explore' as const,
    })),
  );
  await site.db.insertInto('votes').values(rows).execute();
  return account;
}

async function share(browser: Browser, { size = '5', name = 'mine' } = {}): Promise<string> {
  const answer = await browser.post('/profile/topics/foods/share').type('form').send({ size, name });
  expect(answer.status).toBe(303);
  const $ = read((await browser.get(answer.headers.location ?? '').expect(200)).text);
  return new URL(String($('.links input').first().val())).pathname;
}

const picture = (path: string) => visit(site).get(`${path}.png`).buffer(true);

it('shows a shared Top to everyone who has the link, with or without the name', async () => {
  const { browser, username } = await memberWhoPrefers();
  const path = await share(browser);
  expect(path).toMatch(/^\/shared\/[\w-]{22}$/);
  const answer = await visit(site).get(path).expect(200);
  expect(answer.headers['x-robots-tag']).toBe('noindex');
  const $ = read(answer.text);
  expect($('h1').text()).toBe('Top 5: Foods');
  expect($('.eyebrow').text()).toContain(username);
  expect(
    $('.shared .name')
      .toArray()
      .map((name) => $(name).text()),
  ).toEqual(FOODS.slice(0, 5));
  expect($('.shared b')).toHaveLength(0);
  expect($('.note').text()).toContain('Later votes don’t change this list');
  expect($('meta[property="og:image"]').attr('content')).toBe(`${site.config.publicOrigin}${path}.png`);
  expect($('meta[property="og:description"]').attr('content')).toContain(`2. ${ODD}`);
  const nameless = await visit(site)
    .get(await share(browser, { name: 'none', size: '3' }))
    .expect(200);
  expect(nameless.text).not.toContain(username);
  expect(read(nameless.text)('.eyebrow').text()).toContain('Someone');
});

it('draws a picture for messengers, with a different picture for a different list', async () => {
  const one = await memberWhoPrefers();
  const other = await memberWhoPrefers(FOODS.toReversed());
  const path = await share(one.browser);
  const image = await picture(path).expect(200);
  expect(image.headers['content-type']).toBe('image/png');
  expect(image.headers['cross-origin-resource-policy']).toBe('cross-origin');
  const bytes = image.body as Buffer;
  expect(bytes.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]));
  expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([1200, 630]);
  expect((await picture(path)).body).toEqual(bytes);
  expect((await picture(await share(other.browser))).body).not.toEqual(bytes);
  await picture(path)
    .set('If-None-Match', image.headers.etag ?? '')
    .expect(304);
});

it('does not change a shared Top after its owner withdraws the votes', async () => {
  const { browser, id } = await memberWhoPrefers();
  const path = await share(browser, { size: '3' });
  const names = async () => read((await visit(site).get(path)).text)('.shared .name').text();
  const before = await names();
  await site.db.updateTable('votes').set({ withdrawnAt: new Date() }).where('voterId', '=', id).execute();
  expect(await names()).toBe(before);
});

it('lets only the owner turn off a link, and says so', async () => {
  const { browser } = await memberWhoPrefers();
  const other = await memberWhoPrefers();
  const path = await share(browser);
  const end = path.replace('/shared', '/profile/links').concat('/end');
  await other.browser.post(end).expect(404);
  await visit(site).get(path).expect(200);
  await browser.post(end).expect(303);
  const $ = read((await browser.get('/profile/links')).text);
  expect($('.flash').text()).toContain('turned off');
  expect($('.links li')).toHaveLength(0);
  expect(read((await visit(site).get(path).expect(410)).text)('h1').text()).toBe('This link is turned off');
  await picture(path).expect(410);
  await browser.post(end).expect(303);
  await browser.post('/profile/links/%00/end').expect(404);
  await visit(site).get('/shared/AAAAAAAAAAAAAAAAAAAAAA').expect(404);
  await visit(site).get('/shared/x').expect(404);
  await visit(site).get('/shared/x.png').expect(404);
});

it('hides a link while the account is disabled, and deletes it with the account', async () => {
  const { browser, id } = await memberWhoPrefers();
  const path = await share(browser);
  await site.db.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', id).execute();
  await visit(site).get(path).expect(410);
  await site.db.updateTable('users').set({ disabledAt: null }).where('id', '=', id).execute();
  await browser
    .post('/profile/close')
    .type('form')
    .send({ votes: 'keep', person: String(id) })
    .expect(303);
  await visit(site).get(path).expect(404);
  expect(await site.db.selectFrom('shares').where('userId', '=', id).select('id').execute()).toEqual([]);
});

it('leaves out a thing that was taken down since', async () => {
  const { browser } = await memberWhoPrefers();
  const path = await share(browser, { size: '3' });
  const before = await picture(path);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', ODD).execute();
  const $ = read((await visit(site).get(path).expect(200)).text);
  expect($('.shared li').eq(1).text()).toContain('removed since');
  expect((await picture(path)).body).not.toEqual(before.body);
  await site.db.updateTable('things').set({ retiredAt: null }).where('name', '=', ODD).execute();
});

it('refuses a form with wrong values, a list that is too short, and too many links', async () => {
  const { browser } = await memberWhoPrefers();
  const send = (form: object) => browser.post('/profile/topics/foods/share').type('form').send(form);
  for (const form of [
    {},
    { size: '4', name: 'mine' },
    { size: '3', name: 'x' },
    { size: '10', name: 'mine' },
  ])
    await send(form).expect(422);
  const newcomer = await member(site);
  await newcomer.browser
    .post('/profile/topics/foods/share')
    .type('form')
    .send({ size: '3', name: 'mine' })
    .expect(422);
  for (let link = 0; link < 30; link++) await send({ size: '3', name: 'mine' }).expect(303);
  expect(read((await send({ size: '3', name: 'mine' }).expect(422)).text)('h1').text()).toBe(
    'You have 30 links',
  );
});

it('exports the shared links of a user without their addresses', async () => {
  const { browser } = await memberWhoPrefers();
  const path = await share(browser);
  const { text } = await browser.get('/profile/export').expect(200);
  expect(JSON.parse(text).shares).toEqual([
    expect.objectContaining({ topic: 'Foods', isNamed: true, endedAt: null }),
  ]);
  expect(text).not.toContain(path.split('/').at(-1));
});
