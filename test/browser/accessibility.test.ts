import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNothingFound, expectOutline, useChromium } from './chromium.js';
import { fill } from './people.js';
import { FOR_ALL, FOR_MEMBERS, visits, type World } from './visits.js';

const site = useSite({ trustProxy: 1 });
const chromium = useChromium();
const world = { site } as World;
type LoggedIn = NonNullable<BrowserContextOptions['storageState']>;
const loggedIn: Record<string, LoggedIn> = {};

beforeAll(async () => {
  Object.assign(world, await fill(site));
  for (const [who, { username, password }] of Object.entries(world.people)) {
    const { page } = await chromium.open(site);
    await page.goto('/login');
    await page.getByLabel('Name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.locator('main').getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL('**/vote');
    loggedIn[who] = await page.context().storageState();
  }
});

const looks = [
  { name: 'small phone, light', width: 320, height: 640 },
  { name: 'small phone, dark', width: 320, height: 640, colorScheme: 'dark' },
  { name: 'desktop, light', width: 1280, height: 900 },
  { name: 'desktop, dark', width: 1280, height: 900, colorScheme: 'dark' },
  { name: 'desktop, text twice as large', width: 1280, height: 900, zoom: 2 },
  { name: 'desktop, forced colours', width: 1280, height: 900, forcedColors: 'active' },
] as const;
type Look = (typeof looks)[number];

const everything = Object.entries(visits).flatMap(([who, ways]) =>
  Object.entries(ways).map(([name, go]) => ({ who, name, go })),
);

it.each(everything)('has nothing for axe to find: $who, $name', async ({ who, go }) => {
  const { page } = await open(who);
  await go(page, world);
  await expectOutline(page);
  for (const look of looks) {
    await lookAt(page, look);
    await expectNothingFound(page, look.name);
    await expectNoSidewaysScroll(page);
  }
});

it('gives every page a title of its own', async () => {
  const titles = new Map<string, string>();
  const visitor = [...FOR_ALL, '/topics/many/ranking', '/topics/many/ranking?page=2', '/ranking?q=pi'];
  const voter = [...FOR_MEMBERS, '/profile/votes?before=99999999', '/profile/topics/fruit/top'];
  for (const [who, paths] of Object.entries({ visitor, voter })) {
    const { page } = await open(who);
    for (const path of paths) {
      await page.goto(path);
      titles.set(path, await page.title());
    }
  }
  const all = [...titles.values()];
  expect(all.filter((title, place) => all.indexOf(title) !== place)).toEqual([]);
});

it.each([320, 412, 1280])(
  'keeps everything where it is while a page loads: %s pixels wide',
  async (width) => {
    for (const [who, paths] of Object.entries({ visitor: FOR_ALL, voter: FOR_MEMBERS })) {
      const { page } = await open(who, { viewport: { width, height: 900 } });
      for (const path of paths) {
        await page.goto(path);
        expect(await jumpsOn(page), path).toEqual([]);
      }
    }
  },
);

it('makes what is pressed on the pair large enough', async () => {
  const { page } = await chromium.open(site, { viewport: { width: 320, height: 640 } });
  await page.goto('/vote');
  for (const button of await page.locator('#pair button').all()) {
    const box = await button.boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
  }
});

it('shows what can be chosen in forced colours', async () => {
  const { page } = await chromium.open(site, { forcedColors: 'active' });
  await page.goto('/vote');
  expect(
    await page.locator('#choose-left').evaluate((button) => getComputedStyle(button).borderTopStyle),
  ).toBe('solid');
});

it.each([
  { wish: 'reduce', moves: [] },
  { wish: 'no-preference', moves: ['/vote', '/top'] },
] as const)('moves only for those who have not asked for less of it: $wish', async ({ wish, moves }) => {
  const { page } = await chromium.open(site, { reducedMotion: wish });
  const moved: string[] = [];
  await page.exposeFunction('saw', () => moved.push(new URL(page.url()).pathname));
  await page.addInitScript(() => {
    for (const event of ['animationstart', 'transitionrun'])
      document.addEventListener(event, () => (globalThis as unknown as { saw(): void }).saw());
  });
  await page.goto('/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await page.goto('/top');
  await page.getByRole('button', { name: 'Pause updates' }).waitFor();
  await page.mouse.move(5, 5);
  const running = await page.evaluate(() => document.getAnimations().length);
  expect(running > 0).toBe(moves.length > 0);
  expect([...new Set(moved)]).toEqual(moves);
});

const open = (who: string, options: BrowserContextOptions = {}) =>
  chromium.open(site, {
    reducedMotion: 'reduce',
    ...(loggedIn[who] && { storageState: loggedIn[who] }),
    ...options,
  });

/** What has moved since the page began to show, by itself. */
async function jumpsOn(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(
    () =>
      new Promise<(string | undefined)[]>((resolve) => {
        type Shift = PerformanceEntry & { sources: { node?: Element }[] };
        const sources = (shift: PerformanceEntry) => (shift as Shift).sources;
        const html = ({ node }: { node?: Element }) => (node?.cloneNode() as Element | undefined)?.outerHTML;
        const observer = new PerformanceObserver((list) =>
          resolve(list.getEntries().flatMap(sources).map(html)),
        );
        observer.observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve([]), 200);
      }),
  );
}

async function lookAt(page: Page, { width, height, ...look }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', reducedMotion: 'reduce', ...look });
  // As the browser's own setting does, which page scripts and style sheets can't reach.
  const size = 'zoom' in look ? `${look.zoom * 100}%` : '';
  await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size);
}
