import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { member, useSite, vote } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, pressByKeyboard, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await seed(site.db);
  await site.boards.refresh();
});

const click = (page: Page, selector: string): Promise<void> => page.locator(selector).first().click();
const inputs = [
  { name: 'by keyboard alone', script: true, press: pressByKeyboard },
  { name: 'without JavaScript', script: false, press: click },
];

it.each(inputs)(
  'shows a member’s own list, shares it, and changes a vote: $name',
  async ({ script, press }) => {
    const { browser, username, password } = await member(site);
    for (let pair = 0; pair < 45; pair++)
      await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
    await site.rank();
    const { page, complaints } = await chromium.open(site, {
      javaScriptEnabled: script,
      viewport: { width: 320, height: 640 },
    });
    const expectPath = async (path: RegExp): Promise<void> => {
      await page.waitForURL(({ pathname }) => path.test(pathname));
      await expectNoSidewaysScroll(page);
      // axe needs JavaScript.
      if (script) await expectNoViolations(page, page.url());
    };
    await page.goto('/login?next=/profile');
    await page.getByLabel('Name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await press(page, 'main form button:not([type])');
    await expectPath(/^\/profile$/);

    await press(page, 'main a[href="/profile/top"]');
    await expectPath(/^\/profile\/top$/);
    expect(await page.locator('h1').textContent()).toMatch(/^Your (Top \d+|list)/);
    await press(page, 'form[action$="/share"] button');
    await expectPath(/^\/profile\/links$/);
    const link = new URL(await page.locator('[data-copy]').first().inputValue()).pathname;
    await press(page, `a[href="${link}"]`);
    await expectPath(/^\/shared\//);
    await page.goto('/profile/links');
    await press(page, 'form[action$="/end"] button');
    await page.getByText('You haven’t shared anything yet.').waitFor();
    expect((await page.goto(link))?.status()).toBe(410);

    await page.goto('/profile/votes');
    await press(page, 'a[href$="/change"]');
    await expectPath(/\/change$/);
    await press(page, '#choose-tie');
    await expectPath(/^\/profile\/votes$/);
    await page.getByRole('status').getByText('about the same').waitFor();
    // Chromium reports a 410 answer as an error, which is expected here.
    expect(complaints.filter((text) => !text.includes('status of 410'))).toEqual([]);
  },
);

it('draws both ranks on one scale, inside the page, in light and dark and with forced colours', async () => {
  const { browser, username, password } = await member(site);
  for (let pair = 0; pair < 12; pair++) await vote(browser, 'left');
  await site.rank();
  for (const look of [{ colorScheme: 'dark' }, { forcedColors: 'active' }, {}] as const) {
    const { page, complaints } = await chromium.open(site, {
      viewport: { width: 320, height: 640 },
      ...look,
    });
    await logIn(page, { username, password });
    await page.goto('/profile/top');
    await expectNoSidewaysScroll(page);
    await expectNoViolations(page, JSON.stringify(look));
    const dots = await page.locator('.compared .mine').evaluateAll((all) =>
      all.map((dot) => {
        const { left, right } = dot.getBoundingClientRect();
        return { left, right };
      }),
    );
    expect(dots.length).toBeGreaterThan(2);
    // The list goes from the left to the right, and no dot leaves the page.
    expect(dots.map(({ left }) => left)).toEqual(dots.map(({ left }) => left).sort((a, b) => a - b));
    for (const { left, right } of dots) expect([left > 0, right < 320]).toEqual([true, true]);
    expect(complaints).toEqual([]);
  }
});

it('copies a shared link and says so, and opens the share sheet where there is one', async () => {
  const { browser, username, password } = await member(site);
  for (let pair = 0; pair < 12; pair++) await vote(browser, 'left');
  await browser
    .post('/profile/topics/foods/share')
    .type('form')
    .send({ size: '3', name: 'none' })
    .expect(303);
  const { page, complaints } = await chromium.open(site, {
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  // Chromium on Linux has no share sheet.
  await page.addInitScript(() => {
    Object.assign(navigator, {
      canShare: () => true,
      share: async (shared: ShareData) => {
        document.title = String(shared.url);
      },
    });
  });
  await logIn(page, { username, password });
  await page.goto('/profile/links');
  const link = await page.locator('[data-copy]').inputValue();
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  await page.locator('#spoken').getByText('Link copied.').waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
  await page.getByRole('button', { name: 'Share your Top 3: Foods' }).click();
  await page.waitForFunction((link) => document.title === link, link);
  expect(complaints).toEqual([]);
});

async function logIn(page: Page, { username, password }: { username: string; password: string }) {
  await page.goto('/login?next=/profile');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.locator('main').getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(({ pathname }) => pathname === '/profile');
}
