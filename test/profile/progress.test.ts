import { expect, it, vi } from 'vitest';
import { type Browser, member, read, thingNames, topic, useSite, vote, voteTimes } from '../site.js';

const site = useSite();

const progress = async (browser: Browser, path = '/vote'): Promise<string> =>
  read((await browser.get(path).expect(200)).text)('.progress')
    .text()
    .replace(/\s+/g, ' ')
    .trim();

const title = async (browser: Browser): Promise<string> =>
  read((await browser.get('/vote').expect(200)).text)('.receipt .headline')
    .text()
    .trim();

it('shows on the pair page how far the own Top has come', async () => {
  await topic(site, { names: thingNames(8) });
  const { browser } = await member(site);
  expect(await progress(browser)).toBe('Your list: 0 of 10 votes');
  expect(await title(browser)).toBe('10 votes until your list');

  await vote(browser, 'skip');
  await voteTimes(browser, 3);
  expect(await progress(browser)).toBe('3 votes today Your list: 3 of 10 votes');
  expect(await title(browser)).toBe('7 more votes until your list');
  await browser.post('/vote/undo').type('form').send({}).expect(303);
  expect(await progress(browser)).toBe('2 votes today Your list: 2 of 10 votes');

  for (let votes = 0; votes < 23; votes++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
  await vi.waitFor(async () => expect(await title(browser)).toMatch(/^Your Top 3: (about \d|all 3) stay$/), {
    timeout: 55_000,
    interval: 200,
  });
  expect(await progress(browser)).toBe('25 votes today Your Top 3');
  // The page may show the value of five votes before, for a moment.
  await vi.waitFor(
    async () => {
      const $ = read((await browser.get('/vote')).text);
      const { href } = $('.progress').get(0)?.attribs ?? {};
      expect(href).toBe('/profile/top');
      const own = read((await browser.get(String(href)).expect(200)).text);
      const right = $('.votes-bar .on').length;
      expect(own('.lead').text()).toMatch(
        new RegExp(`(About|expect|about|All) ${right} of these|expect all ${right} `),
      );
    },
    { timeout: 55_000, interval: 200 },
  );
});
