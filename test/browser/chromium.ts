import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type RunOnly } from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Site } from '../site.js';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A window of the real browser, and the problems that it reported. */
export interface Window {
  page: Page;
  /** Script errors, violations of the content security policy, and 5xx answers. */
  complaints: string[];
}

/** Starts one headless Chromium for the tests of a file, and closes the windows after each test. */
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
      const context = await browser.newContext({
        baseURL: site.origin,
        // Playwright can't intercept a request that a service worker has answered.
        serviceWorkers: 'block',
        ...options,
      });
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

/** Returns the path of Chromium on this machine, or the one in CHROMIUM. @throws Error when there is none */
export function chromiumPath(): string {
  const path = process.env.CHROMIUM ?? PATHS.find((candidate) => existsSync(candidate));
  if (!path) throw new Error('No Chromium found: install it, or set CHROMIUM to its path.');
  return path;
}

/**
 * Moves the focus to an element with the Tab key, expects that the focus is visible on the way, and presses
 * Enter.
 */
export async function pressByKeyboard(page: Page, selector: string): Promise<void> {
  for (let tabs = 0; tabs < 200; tabs++) {
    const hasFocus = await page.evaluate((selector) => document.activeElement?.matches(selector), selector);
    if (hasFocus) return page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await expectFocusVisible(page);
  }
  throw new Error(`the Tab key does not lead to ${selector}`);
}

/** Expects that the focused element has an outline and is on the screen. */
export async function expectFocusVisible(page: Page): Promise<void> {
  const focused = await page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    // Where the whole row or tile is the link, the outline is that of its "::after", which covers it.
    const isOutlined = [undefined, '::after']
      .map((part) => getComputedStyle(element, part))
      .some((style) => style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2);
    const { top, bottom, left, right, width } = element.getBoundingClientRect();
    return {
      html: (element.cloneNode() as Element).outerHTML,
      // After the last element of a page, the focus is in the browser's own controls.
      isOutsidePage: element === document.body,
      isOutlined,
      isOnScreen: width > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth,
    };
  });
  if (!focused.isOutsidePage) expect(focused).toMatchObject({ isOutlined: true, isOnScreen: true });
}

/** Expects that the page is not wider than the window. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const { pageWidth, windowWidth } = await page.evaluate(() => ({
    pageWidth: document.documentElement.scrollWidth,
    windowWidth: document.documentElement.clientWidth,
  }));
  expect(pageWidth).toBeLessThanOrEqual(windowWidth);
}

/** A small phone. */
export const PHONE = { width: 375, height: 553 };
const DESK = { width: 1280, height: 800 };

/** The two ways in which a page must work. */
export const WITH_AND_WITHOUT_SCRIPT = [
  { name: 'with a script', script: true },
  { name: 'without a script', script: false },
];

/**
 * Saves what a small phone and a desk show of a page, expects that neither scrolls sideways, and leaves the page as it is
 * on the phone.
 * @param name for the pictures
 */
export async function takeScreenshots(page: Page, name: string): Promise<void> {
  const folder = join(import.meta.dirname, 'screenshots');
  mkdirSync(folder, { recursive: true });
  for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    await page.setViewportSize(viewport);
    await expectNoSidewaysScroll(page);
    const path = join(folder, `${name.replaceAll(' ', '-')}-${size}.png`);
    await page.screenshot({ path, fullPage: size === 'desk' });
  }
  await page.setViewportSize(PHONE);
}

/** Expects that a field has the focus, and that the message about it is on the screen, not under the bar. */
export async function expectFocusOn(page: Page, id: string): Promise<void> {
  const readFocus = () =>
    page.evaluate(() => {
      const field = document.activeElement;
      const message = document.getElementById(field?.getAttribute('aria-describedby')?.split(' ')[0] ?? '');
      const { left, top, bottom } = (message ?? document.body).getBoundingClientRect();
      const isShownAt = (y: number) => message?.contains(document.elementFromPoint(left + 10, y)) === true;
      return { id: field?.id, isMessageShown: isShownAt(top + 5) && isShownAt(bottom - 5) };
    });
  await expect.poll(readFocus).toEqual({ id, isMessageShown: true });
}

/**
 * Expects a title, the landmarks, headings that skip no level, and one target for all links with the same
 * name.
 * @param isBare whether the page is without header and footer, for frames and large screens
 */
export async function expectOutline(page: Page, { isBare = false } = {}): Promise<void> {
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
      // The page to return to does not make another target.
      target: link.href.replace(/\?next=.*/, ''),
    })),
  }));
  expect(title).not.toBe('');
  expect(landmarks).toEqual(isBare ? [1, 0, 0, 1] : [1, 1, 1, 1]);
  for (const [index, level] of levels.entries())
    expect(level, `heading levels ${levels.join()}`).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
  const targets = new Map(links.map(({ name, target }) => [name, target]));
  expect(links.filter(({ name, target }) => name === '' || targets.get(name) !== target)).toEqual([]);
}

/**
 * Expects that axe finds no violation of WCAG 2.2 A and AA and of its best practices.
 * @param label for the report
 * @param rules by default all
 */
export async function expectNoViolations(page: Page, label: string, rules = ALL_RULES): Promise<void> {
  const isLoaded = await page.evaluate(() => 'axe' in globalThis);
  if (!isLoaded) await page.evaluate(`${axe.source};(${readForcedColours})()`);
  const violations = await page.evaluate(async (runOnly) => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document, {
      runOnly,
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
  }, rules);
  expect(violations, label).toEqual([]);
}

const ALL_RULES: RunOnly = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};

/** The rules of axe that depend on how a page looks. All others give the same result in each look. */
export const RULES_OF_LOOK: RunOnly = {
  type: 'rule',
  values: ['color-contrast', 'link-in-text-block', 'scrollable-region-focusable', 'target-size'],
};

// axe reads -webkit-text-fill-color. Chromium returns its value without forced colours.
function readForcedColours(): void {
  const read = CSSStyleDeclaration.prototype.getPropertyValue;
  CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
    return read.call(this, name === '-webkit-text-fill-color' ? 'color' : name);
  };
}

/** Leaves the page with the recovery code, and waits for the next page: the pair, unless another is named. */
export async function saveRecoveryCode(page: Page, next = '**/vote'): Promise<void> {
  await page.getByRole('button', { name: 'I saved it, continue' }).click();
  await page.waitForURL(next);
}

/** Signs up in a page, and waits for the pair page. @returns the user's id */
export async function signUp(site: Site, page: Page, username: string): Promise<number> {
  await page.goto('/register');
  await sendSignUp(page, username);
  await saveRecoveryCode(page);
  const { id } = await site.db
    .selectFrom('users')
    .where('username', '=', username)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** Fills the form for signing up, which a page shows, and sends it. */
export async function sendSignUp(page: Page, username: string): Promise<void> {
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.locator('main').getByRole('button', { name: 'Sign up' }).click();
}
