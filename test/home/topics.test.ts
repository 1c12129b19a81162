import { beforeAll, expect, it } from 'vitest';
import { type Browser, member, read, thingNames, topic, useSite, visit, vote } from '../site.js';

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
