import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { chromiumPath, useChromium } from '../browser/chromium.js';
import { FOR_ALL, FOR_MEMBERS } from '../browser/visits.js';
import { member, useSite, vote } from '../site.js';

// Fetched when the bench runs, and kept by npm: as a dependency it would make an install half as large again, for
// something that no test needs. From 13 on it needs a newer Node than this program does.
const LIGHTHOUSE = 'lighthouse@12.8.2';
// The phone that Lighthouse takes itself for; a session belongs to one kind of browser.
const PHONE =
  'Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';
const LEAST_PERFORMANCE = 98;
/** What comes over the line before a page can be used: page, style sheet and scripts, compressed. */
const MOST_BYTES = 60_000;

const site = useSite({ production: true });
const chromium = useChromium();
let session = '';

beforeAll(async () => {
  await seed(site.db);
  await site.boards.refresh();
  const { browser, username, password } = await member(site);
  for (let pair = 0; pair < 70; pair++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
  await site.rank();
  const { headers } = await fetch(`${site.origin}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username, password }),
    redirect: 'manual',
    headers: { 'User-Agent': PHONE, 'Sec-Fetch-Site': 'same-origin' },
  });
  session =
    headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith('thinga='))
      ?.split(';')[0] ?? '';
});

it.each([
  { path: '/', who: 'signed out' },
  { path: '/vote', who: 'signed out' },
  { path: '/top', who: 'signed out' },
  { path: '/vote', who: 'signed in' },
  { path: '/profile', who: 'signed in' },
])('satisfies Lighthouse: $path, $who', async ({ path, who }) => {
  const { finalDisplayedUrl, categories, audits } = await lighthouse(path, who === 'signed in');
  expect(new URL(finalDisplayedUrl).pathname).toBe(path);
  const figures = Object.entries(categories).map(([name, { score }]) => [name, Math.round(score * 100)]);
  const times = {
    LCP: 'largest-contentful-paint',
    TBT: 'total-blocking-time',
    CLS: 'cumulative-layout-shift',
  };
  const shown = Object.entries(times).map(([name, id]) => `${name} ${audits[id]?.displayValue}`);
  console.info(`${path}, ${who}: ${[...figures.map((figure) => figure.join(' ')), ...shown].join(', ')}`);
  const { performance, ...others } = Object.fromEntries(figures) as Record<string, number>;
  expect(others).toMatchObject({ accessibility: 100, 'best-practices': 100 });
  expect(performance).toBeGreaterThanOrEqual(LEAST_PERFORMANCE);
});

it('sends little before a page can be used', async () => {
  const weights = new Map<string, number>();
  for (const [who, paths] of Object.entries({ 'signed out': FOR_ALL, 'signed in': FOR_MEMBERS }))
    for (const path of paths) {
      const { page } = await chromium.open(site, { userAgent: PHONE });
      const [name = '', value = ''] = session.split('=');
      if (who === 'signed in') await page.context().addCookies([{ name, value, url: site.origin }]);
      weights.set(`${path}, ${who}`, await weigh(page, path));
      expect(new URL(page.url()).pathname).toBe(path);
      await page.context().close();
    }
  console.info([...weights].map(([page, bytes]) => `${page.padEnd(32)} ${bytes} bytes`).join('\n'));
  expect(Math.max(...weights.values())).toBeLessThanOrEqual(MOST_BYTES);
});

interface Report {
  finalDisplayedUrl: string;
  categories: Record<string, { score: number }>;
  audits: Record<string, { displayValue?: string }>;
}

/** Looks at a page as on a phone with a slow line, which is what Lighthouse does unless it is told otherwise. */
async function lighthouse(path: string, isSignedIn: boolean): Promise<Report> {
  const flags = [
    '--quiet',
    '--output=json',
    '--chrome-flags=--headless=new --no-sandbox --disable-gpu',
    `--emulated-user-agent=${PHONE}`,
    ...(isSignedIn ? [`--extra-headers=${JSON.stringify({ Cookie: session })}`] : []),
  ];
  const env = { ...process.env, CHROME_PATH: chromiumPath() };
  const run = promisify(execFile)('npx', ['--yes', LIGHTHOUSE, `${site.origin}${path}`, ...flags], {
    env,
    maxBuffer: 64 * 1024 ** 2,
  });
  // Now and then its recording misses the very beginning; then it has no figures, bad or good, and asks for this.
  const { stdout } = await run.catch((error: Error) => {
    if (error.message.includes('Please run Lighthouse again')) return { stdout: undefined };
    throw error;
  });
  return stdout === undefined ? lighthouse(path, isSignedIn) : (JSON.parse(stdout) as Report);
}

/** How many bytes a first view takes, without pictures. */
async function weigh(page: Page, path: string): Promise<number> {
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'image') return;
    sizes.push(
      request
        .sizes()
        .then(({ responseBodySize, responseHeadersSize }) => responseBodySize + responseHeadersSize),
    );
  });
  await page.goto(path, { waitUntil: 'networkidle' });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
