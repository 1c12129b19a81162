import { expect, it, vi } from 'vitest';
import { type Browser, member, read, thingNames, topic, useSite, vote } from '../site.js';

const site = useSite();

const progress = async (browser: Browser, path = '/vote'): Promise<string> =>
  read((await browser.get(path).expect(200)).text)('.progress')
    .text()
    .replace(/\s+/g, ' ')
    .trim();

it('shows on the pair page how far the own Top has come', async () => {
  await topic(site, { names: thingNames(8) });
  const { browser } = await member(site);
  expect(await progress(browser)).toBe('At least 10 votes in this topic until your list.');

  await vote(browser, 'skip');
  for (let votes = 0; votes < 3; votes++) await vote(browser);
  expect(await progress(browser)).toBe('3 votes today. At least 7 more votes in this topic until your list.');
  await browser.post('/vote/undo').type('form').send({}).expect(303);
  expect(await progress(browser)).toContain('2 votes today. At least 8 more votes');

  for (let votes = 0; votes < 22; votes++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
  await vi.waitFor(
    async () =>
      expect(await progress(browser)).toMatch(
        /^24 votes today. Your Top 3: (about \d of|all) 3 should be right\.$/,
      ),
    { timeout: 55_000, interval: 200 },
  );
  const $ = read((await browser.get('/vote')).text);
  const { href } = $('.progress a').get(0)?.attribs ?? {};
  expect(href).toBe('/profile/top');
  const own = read((await browser.get(String(href)).expect(200)).text);
  expect(own('.lead').text()).toMatch(
    new RegExp(`(All|About|we expect about) ${$('.progress progress').attr('value')} of these`),
  );
});
