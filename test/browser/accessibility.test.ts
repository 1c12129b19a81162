import type { BrowserContextOptions, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { useSite } from '../site.js';
import {
  expectNoSidewaysScroll,
  expectNoViolations,
  expectOutline,
  RULES_OF_LOOK,
  useChromium,
} from './chromium.js';
import { fillSite } from './fixtures.js';
import { getRoutesOf } from './routes.js';
import { logInEach, type SavedSession } from './sessions.js';
import {
  BARE_PAGE,
  type Fixtures,
  MEMBER_PATHS,
  PUBLIC_PATHS,
  ROUTES_WITHOUT_PAGE,
  visits,
} from './visits.js';

// The pages about e-mail are there only where the site can send it. No visit sends any.
const site = useSite({
  ...{ trustProxy: 1, smtpUrl: 'smtp://127.0.0.1:9', mailFrom: 'site@thinga.example' },
});
const chromium = useChromium();
const fixtures = { site } as Fixtures;
let sessions: Record<string, SavedSession> = {};
/** The paths of the pages that axe has checked. */
const checkedPaths = new Set<string>();

beforeAll(async () => {
  Object.assign(fixtures, await fillSite(site));
  sessions = await logInEach(chromium, site, fixtures.members);
});

const looks = [
  { name: 'small phone, light', width: 320, height: 640 },
  { name: 'small phone, dark', width: 320, height: 640, colorScheme: 'dark' },
  { name: 'desktop, light', width: 1280, height: 900 },
  { name: 'desktop, text twice as large', width: 1280, height: 900, zoom: 2 },
  { name: 'desktop, forced colours', width: 1280, height: 900, forcedColors: 'active' },
] as const;
type Look = (typeof looks)[number];

const allVisits = Object.entries(visits).flatMap(([role, visitsOfRole]) =>
  Object.entries(visitsOfRole).map(([name, visit]) => ({ role, name, visit })),
);

it.each(allVisits)('passes axe: $role, $name', async ({ role, visit }) => {
  const { page } = await open(role);
  await visit(page, fixtures);
  if (await isOk(page)) checkedPaths.add(new URL(page.url()).pathname);
  await expectOutline(page, { isBare: BARE_PAGE.test(page.url()) });
  for (const [index, look] of looks.entries()) {
    await applyLook(page, look);
    // Larger text has the same colours.
    if (!('zoom' in look)) await expectNoViolations(page, look.name, index === 0 ? undefined : RULES_OF_LOOK);
    if (index === 0) expect(await smallTargetsOn(page)).toEqual([]);
    await expectNoSidewaysScroll(page);
  }
});

// This test needs those above: it fails when only some of them run.
it('has checked a page of every route, except of those that answer with none', () => {
  const routes = getRoutesOf(site.app);
  // The first route that matches is the one that answers.
  const checked = new Set([...checkedPaths].map((path) => routes.find(({ matches }) => matches(path))));
  const unchecked = routes.filter((route) => !checked.has(route));
  expect(unchecked.map(({ path }) => path).sort()).toEqual(Object.keys(ROUTES_WITHOUT_PAGE).sort());
});

it('gives every page a unique title', async () => {
  const titles = new Map<string, string>();
  const visitor = [...PUBLIC_PATHS, '/topics/many/ranking', '/topics/many/ranking?page=2', '/ranking?q=pi'];
  const voter = [...MEMBER_PATHS, '/profile/votes?before=99999999', '/profile/topics/fruit/top'];
  for (const [role, paths] of Object.entries({ visitor, voter })) {
    const { page } = await open(role);
    for (const path of paths) {
      await page.goto(path);
      titles.set(path, await page.title());
    }
  }
  const all = [...titles.values()];
  expect(all.filter((title, index) => all.indexOf(title) !== index)).toEqual([]);
});

it.each([375, 768, 1024])('puts nothing in the header over something else: %s pixels wide', async (width) => {
  const { page } = await open('voter', { viewport: { width, height: 800 } });
  await page.goto('/vote');
  const boxes = await page.locator('.head .logo, .head .tabs li, .pill.progress').evaluateAll((elements) =>
    elements
      .map((element) => element.getBoundingClientRect())
      // The tab bar of a phone is at the bottom.
      .filter(({ top }) => top < 100)
      .map(({ left, right }) => ({ left, right })),
  );
  const inOrder = boxes.sort((one, other) => one.left - other.left);
  expect(inOrder.length).toBeGreaterThan(1);
  for (const [index, { left }] of inOrder.entries())
    expect(left).toBeGreaterThanOrEqual(inOrder[index - 1]?.right ?? 0);
});

it('keeps every button at the height of its text', async () => {
  for (const [role, paths] of Object.entries({ visitor: PUBLIC_PATHS, voter: MEMBER_PATHS })) {
    const { page } = await open(role, { viewport: { width: 375, height: 553 } });
    for (const path of paths) {
      await page.goto(path);
      const tall = await page
        .locator('main :is(button, .button):not(.choice, .unknown)')
        .evaluateAll((buttons) =>
          buttons.filter((button) => button.clientHeight > 100).map((button) => button.textContent),
        );
      expect(tall, path).toEqual([]);
    }
  }
});

it.each([320, 412, 1280])('has no layout shift while a page loads: %s pixels wide', async (width) => {
  for (const [role, paths] of Object.entries({ visitor: PUBLIC_PATHS, voter: MEMBER_PATHS })) {
    const { page } = await open(role, { viewport: { width, height: 900 } });
    for (const path of paths) {
      await page.goto(path);
      expect(await layoutShiftsOn(page), path).toEqual([]);
    }
  }
});

it('makes every button large enough, and every link that is not part of a text', async () => {
  const viewport = { width: 320, height: 640 };
  for (const [role, paths] of Object.entries({ visitor: PUBLIC_PATHS, voter: MEMBER_PATHS })) {
    const { page } = await open(role, { viewport });
    for (const path of paths) {
      await page.goto(path);
      expect(await smallTargetsOn(page), path).toEqual([]);
    }
  }
});

it('shows the borders of choices in forced colours', async () => {
  const { page } = await chromium.open(site, { forcedColors: 'active' });
  await page.goto('/vote');
  for (const side of await page.locator('.side').all())
    expect(await side.evaluate((card) => getComputedStyle(card).borderTopStyle)).toBe('solid');
});

it.each([
  { preference: 'reduce', animatedPaths: [] },
  { preference: 'no-preference', animatedPaths: ['/vote', '/top'] },
] as const)('respects prefers-reduced-motion: $preference', async ({ preference, animatedPaths }) => {
  const { page } = await chromium.open(site, { reducedMotion: preference });
  const animated: string[] = [];
  await page.exposeFunction('reportAnimation', () => animated.push(new URL(page.url()).pathname));
  await page.addInitScript(() => {
    for (const event of ['animationstart', 'transitionrun'])
      document.addEventListener(event, () =>
        (globalThis as unknown as { reportAnimation(): void }).reportAnimation(),
      );
  });
  await page.goto('/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await page.goto('/top');
  await page.getByRole('button', { name: 'Pause updates' }).waitFor();
  await page.mouse.move(5, 5);
  const running = await page.evaluate(() => document.getAnimations().length);
  expect(running > 0).toBe(animatedPaths.length > 0);
  expect([...new Set(animated)]).toEqual(animatedPaths);
});

const open = (role: string, options: BrowserContextOptions = {}) =>
  chromium.open(site, {
    reducedMotion: 'reduce',
    ...(sessions[role] && { storageState: sessions[role] }),
    ...options,
  });

/** Tells whether the server answered with the page itself, and not with a problem. */
const isOk = (page: Page): Promise<boolean> =>
  page.evaluate(() => {
    const [loading] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    return loading?.responseStatus === 200;
  });

/** Returns the elements that shifted by themselves while the page loaded. */
async function layoutShiftsOn(page: Page): Promise<(string | undefined)[]> {
  return page.evaluate(
    () =>
      new Promise<(string | undefined)[]>((resolve) => {
        type Shift = PerformanceEntry & { hadRecentInput: boolean; sources: { node?: Element }[] };
        const isOwn = (shift: PerformanceEntry) => !(shift as Shift).hadRecentInput;
        const sources = (shift: PerformanceEntry) => (shift as Shift).sources;
        const html = ({ node }: { node?: Element }) => (node?.cloneNode() as Element | undefined)?.outerHTML;
        const observer = new PerformanceObserver((list) =>
          resolve(list.getEntries().filter(isOwn).flatMap(sources).map(html)),
        );
        observer.observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve([]), 200);
      }),
  );
}

/** Returns the buttons, fields and links that are smaller than 44 x 44 pixels. A field includes its label. */
async function smallTargetsOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const targets = document.querySelectorAll('a, button, summary, input:not([type=hidden])');
    return [...targets].flatMap((target) => {
      const isInText = target.matches('p a, li a') && getComputedStyle(target).display === 'inline';
      // Some links cover the whole row or tile in which they stand.
      const coversBox = getComputedStyle(target, '::after').position === 'absolute';
      const box = coversBox ? (target as HTMLElement).offsetParent : target.closest('label');
      const area = box ?? target;
      const { width, height } = area.getBoundingClientRect();
      const isLarge = width >= 44 && height >= 44;
      return isInText || isLarge || !area.checkVisibility() ? [] : `${target.outerHTML} ${width}x${height}`;
    });
  });
}

async function applyLook(page: Page, { width, height, ...look }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none', reducedMotion: 'reduce', ...look });
  // Like the browser's own setting for the text size.
  const size = 'zoom' in look ? `${look.zoom * 100}%` : '';
  await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size);
}
