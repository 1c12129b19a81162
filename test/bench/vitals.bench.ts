import type { CDPSession, Page } from 'playwright-core';
import { beforeAll, it } from 'vitest';
import { seed } from '../../src/catalog/seed.js';
import { useChromium } from '../browser/chromium.js';
import { member, useSite, vote } from '../site.js';
import { note, report } from './report.js';

// The vote page on a slow phone: 4 × slower than this machine, on a connection of 1.6 Mbit/s with 150 ms to the site
// and back. https://web.dev/articles/vitals explains the three figures.
const SLOWER = 4;
const CONNECTION = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 94_000 };
const PHONE = { viewport: { width: 375, height: 553 }, hasTouch: true, isMobile: true };
const RUNS = 5;
const PRESSES = 10;

const site = useSite({ production: true });
const chromium = useChromium();

beforeAll(async () => {
  await seed(site.db);
  await site.boards.refresh();
  const { browser } = await member(site);
  for (let pair = 0; pair < 70; pair++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'));
  await site.rank();
});

it('measures the vote page on a slow phone', async () => {
  const runs: Vitals[] = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure());
  const medianOf = (key: keyof Vitals): number =>
    runs.map((vitals) => vitals[key]).sort((one, other) => one - other)[Math.floor(RUNS / 2)] ?? Number.NaN;
  const worstOf = (key: keyof Vitals): number => Math.max(...runs.map((vitals) => vitals[key]));
  report('largest contentful paint, median, s', medianOf('lcp') / 1000, { atMost: 0.8 });
  report('interaction to next paint, median, ms', medianOf('inp'), { atMost: 200 });
  report('layout shift, worst', worstOf('cls'), { atMost: 0 });
  report('first visit without pictures, kB', worstOf('bytes') / 1000, { atMost: 50 });
  note('largest contentful paint, worst, s', worstOf('lcp') / 1000);
  note('interaction to next paint, worst, ms', worstOf('inp'));
  note('first contentful paint, median, s', medianOf('fcp') / 1000);
});

interface Vitals {
  /** Milliseconds from the start of the visit. */
  lcp: number;
  fcp: number;
  /** The longest time in milliseconds from a press to the next picture on the screen. */
  inp: number;
  /** The sum of all layout shifts. */
  cls: number;
  /** What the first visit loads, compressed, with the headers and without pictures. */
  bytes: number;
}

async function measure(): Promise<Vitals> {
  const { page } = await chromium.open(site, PHONE);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', CONNECTION);
  const weigh = countBytes(cdp);
  await page.addInitScript(observe);
  await page.goto('/vote', { waitUntil: 'networkidle' });
  const bytes = weigh();
  await press(page);
  const vitals = await page.evaluate(() => (globalThis as unknown as { vitals: Vitals }).vitals);
  await page.context().close();
  return { ...vitals, bytes };
}

/** Adds up what arrives over the network, except pictures. */
function countBytes(cdp: CDPSession): () => number {
  const pictures = new Set<string>();
  const sizes = new Map<string, number>();
  cdp.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Image') pictures.add(requestId);
  });
  cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
    sizes.set(requestId, encodedDataLength),
  );
  return () => [...sizes].reduce((sum, [id, size]) => (pictures.has(id) ? sum : sum + size), 0);
}

/** Votes several times, each time on a new pair. */
async function press(page: Page): Promise<void> {
  for (let count = 0; count < PRESSES; count++) {
    const ballot = await page.locator('#pair [name=ballot]').first().inputValue();
    await page.locator(count % 2 === 0 ? '#choose-left' : '#choose-right').tap();
    await page.locator('#pair .duel').waitFor();
    await page.waitForFunction(
      (ballot) => document.querySelector<HTMLInputElement>('#pair [name=ballot]')?.value !== ballot,
      ballot,
    );
    // A press that comes sooner than a person can see the new pair is refused.
    await page.waitForTimeout(1_000);
  }
}

// Runs in the page, from its start.
function observe(): void {
  type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean };
  type Interaction = PerformanceEntry & { interactionId: number };
  const vitals = { lcp: 0, fcp: 0, inp: 0, cls: 0 };
  Object.assign(globalThis, { vitals });
  const observe = (type: string, add: (entry: PerformanceEntry) => void, options = {}): void =>
    new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({
      ...{ type, buffered: true },
      ...options,
    });
  observe('largest-contentful-paint', ({ startTime }) => {
    vitals.lcp = startTime;
  });
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') vitals.fcp = startTime;
  });
  observe('layout-shift', (entry) => {
    const { value, hadRecentInput } = entry as Shift;
    if (!hadRecentInput) vitals.cls += value;
  });
  // Shorter events than 16 ms are never reported.
  observe(
    'event',
    (entry) => {
      if ((entry as Interaction).interactionId) vitals.inp = Math.max(vitals.inp, entry.duration);
    },
    { durationThreshold: 16 },
  );
}
