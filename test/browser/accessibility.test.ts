import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/things/seed.js';
import { useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNothingFound, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await seed(site.db);
  await site.boards.refresh();
});

const FOR_ALL = [
  '/',
  '/register',
  '/login',
  '/vote',
  '/top',
  '/topics',
  '/topics/animals/top',
  '/ranking',
  '/how',
  '/accessibility',
  '/nowhere',
];
const FOR_MEMBERS = [
  '/vote',
  '/profile',
  '/profile/top',
  '/profile/votes',
  '/profile/links',
  '/profile/sessions',
  '/profile/password',
  '/profile/close',
];

const looks = [
  { name: 'small phone, light', width: 320, height: 640, colorScheme: 'light', zoom: 1 },
  { name: 'small phone, dark', width: 320, height: 640, colorScheme: 'dark', zoom: 1 },
  { name: 'desktop, light', width: 1280, height: 900, colorScheme: 'light', zoom: 1 },
  { name: 'desktop, dark', width: 1280, height: 900, colorScheme: 'dark', zoom: 1 },
  { name: 'desktop, text twice as large', width: 1280, height: 900, colorScheme: 'light', zoom: 2 },
] as const;

it.each(looks)(`has nothing for axe to find: $name`, async ({ width, height, colorScheme, zoom, name }) => {
  const { page } = await chromium.open(site, {
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  });
  const look = async (path: string): Promise<void> => {
    await page.goto(path);
    if (zoom > 1) await enlarge(page, zoom);
    await expectNothingFound(page, path);
    await expectNoSidewaysScroll(page);
  };
  for (const path of FOR_ALL) await look(path);
  await page.goto('/register');
  await page.getByLabel('Name').fill(name.replace(/\W+/g, '-'));
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL('**/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await expectNothingFound(page, 'after a vote');
  await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
  await expectNothingFound(page, 'the list of keys');
  await page.keyboard.press('Escape');
  await site.rank();
  for (const path of FOR_MEMBERS) await look(path);
  await look(`/things/${await leaderId()}`);
});

it('makes what is pressed on the pair large enough', async () => {
  const { page } = await chromium.open(site, { viewport: { width: 320, height: 640 } });
  await page.goto('/vote');
  for (const button of await page.locator('#pair button').all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  }
});

it('stays readable in forced colours', async () => {
  const { page } = await chromium.open(site, { forcedColors: 'active' });
  for (const path of ['/', '/vote', '/top']) {
    await page.goto(path);
    await expectNothingFound(page, `${path} in forced colours`);
  }
  await page.goto('/vote');
  expect(
    await page.locator('#choose-left').evaluate((button) => getComputedStyle(button).borderTopStyle),
  ).toBe('solid');
});

// As the browser's own setting does, which page scripts and style sheets can't reach.
async function enlarge(page: Page, zoom: number): Promise<void> {
  await page.evaluate((size) => {
    document.documentElement.style.setProperty('font-size', `${size * 100}%`);
  }, zoom);
}

async function leaderId(): Promise<number> {
  const { id } = await site.db
    .selectFrom('things')
    .select('id')
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow();
  return id;
}
