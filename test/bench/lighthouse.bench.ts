import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { chromiumPath, useChromium } from '../browser/chromium.js';
import { MEMBER_PATHS, PUBLIC_PATHS } from '../browser/visits.js';
import { member, useSite, vote } from '../site.js';

// npx downloads it when the bench runs. As a dependency it would make an install half as large again, and no
// test needs it. From version 13 on it needs a newer Node than this program.
const LIGHTHOUSE = 'lighthouse@12.8.2';
// The phone that Lighthouse emulates. A session belongs to one kind of browser, so the log-in uses it too.
const PHONE =
  'Mozilla/5.0 (Linux; Android 11; moto g power (2022)) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36';
const MIN_PERFORMANCE = 98;
/** The most bytes before a page can be used: page, style sheet and scripts, compressed. */
const MAX_BYTES = 60_000;

const site = useSite({ production: true });
const chromium = useChromium();
let sessionCookie = '';

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
  sessionCookie =
    headers
      .getSetCookie()
      .find((cookie) => cookie.startsWith('thinga='))
      ?.split(';')[0] ?? '';
});

it.each([
  { path: '/', session: 'signed out' },
  { path: '/vote', session: 'signed out' },
  { path: '/top', session: 'signed out' },
  { path: '/vote', session: 'signed in' },
  { path: '/profile', session: 'signed in' },
])('satisfies Lighthouse: $path, $session', async ({ path, session }) => {
  const { finalDisplayedUrl, categories, audits } = await runLighthouse(path, session === 'signed in');
  expect(new URL(finalDisplayedUrl).pathname).toBe(path);
  const figures = Object.entries(categories).map(([name, { score }]) => [name, Math.round(score * 100)]);
  const times = {
    LCP: 'largest-contentful-paint',
    TBT: 'total-blocking-time',
    CLS: 'cumulative-layout-shift',
  };
  const shown = Object.entries(times).map(([name, id]) => `${name} ${audits[id]?.displayValue}`);
  console.info(`${path}, ${session}: ${[...figures.map((figure) => figure.join(' ')), ...shown].join(', ')}`);
  const { performance, ...others } = Object.fromEntries(figures) as Record<string, number>;
  expect(others).toMatchObject({ accessibility: 100, 'best-practices': 100 });
  expect(performance).toBeGreaterThanOrEqual(MIN_PERFORMANCE);
});

it('sends few bytes before a page can be used', async () => {
  const weights = new Map<string, number>();
  for (const [session, paths] of Object.entries({ 'signed out': PUBLIC_PATHS, 'signed in': MEMBER_PATHS }))
    for (const path of paths) {
      const { page } = await chromium.open(site, { userAgent: PHONE });
      const [name = '', value = ''] = sessionCookie.split('=');
      if (session === 'signed in') await page.context().addCookies([{ name, value, url: site.origin }]);
      weights.set(`${path}, ${session}`, await weigh(page, path));
      expect(new URL(page.url()).pathname).toBe(path);
      await page.context().close();
    }
  console.info([...weights].map(([page, bytes]) => `${page.padEnd(32)} ${bytes} bytes`).join('\n'));
  expect(Math.max(...weights.values())).toBeLessThanOrEqual(MAX_BYTES);
});

interface Report {
  finalDisplayedUrl: string;
  categories: Record<string, { score: number }>;
  audits: Record<string, { displayValue?: string }>;
}

/** Runs Lighthouse with its default: a phone with a slow connection. */
async function runLighthouse(path: string, isSignedIn: boolean): Promise<Report> {
  const flags = [
    '--quiet',
    '--output=json',
    '--chrome-flags=--headless=new --no-sandbox --disable-gpu',
    `--emulated-user-agent=${PHONE}`,
    ...(isSignedIn ? [`--extra-headers=${JSON.stringify({ Cookie: sessionCookie })}`] : []),
  ];
  const env = { ...process.env, CHROME_PATH: chromiumPath() };
  const run = promisify(execFile)('npx', ['--yes', LIGHTHOUSE, `${site.origin}${path}`, ...flags], {
    env,
    maxBuffer: 64 * 1024 ** 2,
  });
  // Lighthouse sometimes misses the start of a page load. It then has no results and asks for another run.
  const { stdout } = await run.catch((error: Error) => {
    if (error.message.includes('Please run Lighthouse again')) return { stdout: undefined };
    throw error;
  });
  return stdout === undefined ? runLighthouse(path, isSignedIn) : (JSON.parse(stdout) as Report);
}

/** Returns the bytes of a first visit, without pictures. */
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
