import { beforeAll, expect, it } from 'vitest';
import {
  type Browser,
  HTMX,
  member,
  openSite,
  read,
  thingNames,
  topic,
  useSite,
  visit,
  vote,
} from '../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: thingNames(12) });
  await topic(site, { slug: 'two', names: ['Tea', 'Coffee'] });
});

/** The texts of the topics on the page, in its order. */
async function topicsOf(browser: Browser): Promise<string[]> {
  const $ = read((await browser.get('/topics').expect(200)).text);
  return $('.topic')
    .map((_index, tile) => $(tile).text().replace(/\s+/g, ' '))
    .get();
}

it('shows the leading things of each topic, without ranks before the first vote', async () => {
  const [foods, two] = await topicsOf(visit(site));
  expect(foods).toContain('12 things, no votes yet');
  expect(foods).not.toContain('You:');
  expect(two).toMatch(/Tea .*Coffee /);
});

it('heads the leading things of the front page with their number', async () => {
  const small = await openSite();
  try {
    await topic(small, { names: ['Tea', 'Coffee'] });
    const heading = read((await visit(small).get('/')).text)('#leading');
    expect(heading.text()).toBe('Top 2: Foods');
    expect(heading.find('bdi').text()).toBe('Foods');
  } finally {
    await small.close();
  }
});

it('tells members how far their own list is, and links to it', async () => {
  const { browser } = await member(site);
  await vote(browser);
  await vote(browser, 'left', '/topics/two/vote');
  await site.rank();
  const [foods, two] = await topicsOf(browser);
  expect(foods).toContain('You: 1 of 10 votes to your list');
  expect(two).toContain('You: 1 vote Vote');
  const $ = read((await browser.get('/topics')).text);
  expect($('.topic a[href="/profile/topics/two/top"]').text().trim()).toBe('Your list of Two');
});

it('tells guests how many votes they have', async () => {
  const guest = visit(site);
  await vote(guest);
  expect((await topicsOf(guest))[0]).toContain('You: 1 vote, to count when you sign up');
});

it('says how many people voted, and on the front page how far its reader is', async () => {
  const fresh = await openSite();
  await topic(fresh);
  await topic(fresh, { slug: 'two', names: ['Tea', 'Coffee'] });
  const { browser } = await member(fresh);
  await vote(browser, 'left', '/topics/two/vote');
  const { browser: skipper } = await member(fresh);
  await vote(skipper, 'skip', '/topics/two/vote');
  await fresh.rank();
  const cardOn = async (visitor: Browser) =>
    read((await visitor.get('/').expect(200)).text)('.topic')
      .text()
      .replace(/\s+/g, ' ');
  expect(await cardOn(visit(fresh))).toContain('1 vote by 1 person');
  expect(await cardOn(visit(fresh))).not.toContain('You:');
  expect(await cardOn(browser)).toContain('You: 1 vote');
  await fresh.close();
});

it('updates the Top 3 of the front page, and answers 304 while nothing has changed', async () => {
  const attributes = read((await visit(site).get('/').expect(200)).text)('#board').attr() ?? {};
  const poll = () =>
    visit(site)
      .get(attributes['hx-get'] ?? '')
      .set({ ...HTMX, ...JSON.parse(attributes['hx-headers'] ?? '{}') });
  await poll().expect(304);
  const { browser } = await member(site);
  for (let votes = 0; votes < 2; votes++) await vote(browser);
  await site.rank();
  const part = read((await poll().expect(200)).text);
  expect(part('#board li').length).toBeGreaterThan(0);
  expect(part('h1, header, #pair')).toHaveLength(0);
});
