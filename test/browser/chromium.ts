import { existsSync } from 'node:fs';
import axe from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Site } from '../site.js';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A window of the real browser, and everything it complained about. */
export interface Window {
  page: Page;
  /** Errors, violations of the content security policy, and answers that were faults. */
  complaints: string[];
}

/** Starts one headless Chromium before a file's tests, and closes a test's windows after it; CHROMIUM names another. */
export function useChromium(): { open(site: Site, options?: BrowserContextOptions): Promise<Window> } {
  let browser: Browser | undefined;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: [...args, '--disable-component-update', '--disable-sync', '--no-first-run'],
    });
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(() => browser?.close());
  return {
    async open(site, options = {}) {
      if (!browser) throw new Error('Chromium is not running');
      const context = await browser.newContext({ baseURL: site.origin, ...options });
      contexts.push(context);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      page.on('response', (response) => {
        if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
      });
      return { page, complaints };
    },
  };
}

/** Where this machine has its Chromium; CHROMIUM names another. @throws Error when there is none */
export function chromiumPath(): string {
  const path = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!path) throw new Error('No Chromium found: install it, or set CHROMIUM to its path.');
  return path;
}

/** Goes there with the Tab key, as far as it takes, sees on the way where the focus is, and presses Enter. */
export async function pressByKeyboard(page: Page, what: string): Promise<void> {
  for (let tabs = 0; tabs < 200; tabs++) {
    const isThere = await page.evaluate((selector) => document.activeElement?.matches(selector), what);
    if (isThere) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expectFocusSeen(page);
  }
  throw new Error(`the Tab key does not lead to ${what}`);
}

/** Asserts that what the Tab key leads to has an outline, and is on the screen. */
export async function expectFocusSeen(page: Page): Promise<void> {
  const focused = await page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { top, bottom, left, right, width } = element.getBoundingClientRect();
    return {
      html: (element.cloneNode() as Element).outerHTML,
      // Beyond the last thing on a page the focus is the browser's own.
      isBrowsers: element === document.body,
      isOutlined: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2,
      isOnScreen: width > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
    };
  });
  if (!focused.isBrowsers) expect(focused).toMatchObject({ isOutlined: true, isOnScreen: true });
}

/** Asserts that nothing on the page is cut off at the side. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { wide, seen } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth,
    seen: document.documentElement.clientWidth,
  }));
  expect(wide).toBeLessThanOrEqual(seen);
}

/** Asserts a title, the landmarks, headings that skip no level, and that links of one name lead to one place. */
export async function expectOutline(page: Page): Promise<void> {
  const { title, landmarks, levels, links } = await page.evaluate(() => ({
    title: document.title,
    landmarks: ['main', 'body > header', 'body > footer', 'h1'].map(
      (selector) => document.querySelectorAll(selector).length,
    ),
    levels: [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')]
      .filter((heading) => heading.checkVisibility())
      .map((heading) => Number(heading.localName[1])),
    links: [...document.querySelectorAll('a')].map((link) => ({
      name: (link.ariaLabel ?? link.textContent ?? '').replace(/\s+/g, ' ').trim(),
      // Where one goes on from there is no other place.
      place: link.href.replace(/\?next=.*/, ''),
    })),
  }));
  expect(title).not.toBe('');
  expect(landmarks).toEqual([1, 1, 1, 1]);
  for (const [place, level] of levels.entries())
    expect(level, `heading levels ${levels.join()}`).toBeLessThanOrEqual((levels[place - 1] ?? 0) + 1);
  const places = new Map(links.map(({ name, place }) => [name, place]));
  expect(links.filter(({ name, place }) => name === '' || places.get(name) !== place)).toEqual([]);
}

/** Asserts that axe finds nothing: WCAG 2.2 A and AA, and its best practices. @param where for the report */
export async function expectNothingFound(page: Page, where: string): Promise<void> {
  const isThere = await page.evaluate(() => 'axe' in globalThis);
  if (!isThere) await page.evaluate(`${axe.source};(${readForcedColours})()`);
  const found = await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
  expect(found, where).toEqual([]);
}

// axe reads the colour that letters are filled with, which Chromium tells as it would be without forced colours.
function readForcedColours(): void {
  const read = CSSStyleDeclaration.prototype.getPropertyValue;
  CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
    return read.call(this, name === '-webkit-text-fill-color' ? 'color' : name);
  };
}
