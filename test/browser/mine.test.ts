import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { member, useSite, vote } from '../site.js';
import { expectNoSidewaysScroll, expectNothingFound, pressByKeyboard, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await seed(site.db);
  await site.boards.refresh();
});

const click = (page: Page, what: string): Promise<void> => page.locator(what).first().click();
const ways = [
  { name: 'by keyboard alone', script: true, press: pressByKeyboard },
  { name: 'without JavaScript', script: false, press: click },
];

it.each(ways)('shows one’s own list, shares it, and changes a vote: $name', async ({ script, press }) => {
  const { browser, username, password } = await member(site);
  for (let pair = 0; pair < 45; pair++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
  await site.rank();
  const { page, complaints } = await chromium.open(site, {
    javaScriptEnabled: script,
    viewport: { width: 320, height: 640 },
  });
  const arrive = async (path: RegExp): Promise<void> => {
    await page.waitForURL(({ pathname }) => path.test(pathname));
    await expectNoSidewaysScroll(page);
    // What looks for faults is a script itself.
    if (script) await expectNothingFound(page, page.url());
  };
  await page.goto('/login?next=/profile');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'main form button:not([type])');
  await arrive(/^\/profile$/);

  await press(page, 'main a[href="/profile/top"]');
  await arrive(/^\/profile\/top$/);
  expect(await page.locator('h1').textContent()).toMatch(/^Your (Top \d+|list)/);
  await press(page, 'form[action$="/share"] button');
  await arrive(/^\/profile\/links$/);
  const link = new URL(await page.locator('[data-copy]').inputValue()).pathname;
  await press(page, `a[href="${link}"]`);
  await arrive(/^\/shared\//);
  await page.goto('/profile/links');
  await press(page, 'form[action$="/end"] button');
  await page.getByText('You share nothing.').waitFor();
  expect((await page.goto(link))?.status()).toBe(410);

  await page.goto('/profile/votes');
  await press(page, 'a[href$="/change"]');
  await arrive(/\/change$/);
  await press(page, '#choose-tie');
  await arrive(/^\/profile\/votes$/);
  await page.getByRole('status').getByText('about the same').waitFor();
  // Chromium notes the 410 of a page as an error of its own; that is meant.
  expect(complaints.filter((text) => !text.includes('status of 410'))).toEqual([]);
});
