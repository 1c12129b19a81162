import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { rateInOrder, thingNames, topic, useSite } from '../site.js';
import { expectNoSidewaysScroll, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await topic(site, { names: thingNames(25) });
  await rateInOrder(site);
});

/** Moves one thing to the top, as many votes would. */
async function moveToTop(number: number): Promise<void> {
  await sql`
    update ratings set mean = (select max(mean) + 1 from ratings)
    where thing_id = (select id from things where name = ${`Thing ${number}`})`.execute(site.db);
  await sql`update boards set changes = changes + 1`.execute(site.db);
  await site.rank();
}

/**
 * Opens the Top 20 with a clock that the test controls. `polls` are the statuses of the page's own requests.
 */
async function openTop(
  options = {},
  hasMoveBefore = true,
): Promise<{ page: Page; complaints: string[]; polls: number[] }> {
  const { page, complaints } = await chromium.open(site, options);
  const polls: number[] = [];
  page.on('response', (response) => {
    if (response.request().headers()['thinga-poll']) polls.push(response.status());
  });
  if (!hasMoveBefore) await page.addInitScript(() => Reflect.deleteProperty(Element.prototype, 'moveBefore'));
  await page.clock.install();
  await page.goto('/top');
  return { page, complaints, polls };
}

/** Moves the clock to the next poll, and waits for the answer. */
async function waitForPoll(page: Page): Promise<void> {
  const answer = page.waitForResponse((response) => 'thinga-poll' in response.request().headers());
  await page.clock.runFor(10_000);
  await (await answer).finished();
}

const firstRow = (page: Page) => page.locator('.board tbody tr').first();
const announcement = (page: Page) => page.locator('#spoken').textContent();

const browsers = [
  { name: 'a browser with moveBefore', number: 12, hasMoveBefore: true },
  { name: 'a browser without moveBefore', number: 13, hasMoveBefore: false },
];

it.each(browsers)(
  'moves a row, marks it, announces it once, and keeps focus and scroll position: $name',
  async (browser) => {
    const { page, complaints, polls } = await openTop(
      { viewport: { width: 390, height: 700 } },
      browser.hasMoveBefore,
    );
    const name = `Thing ${browser.number}`;
    const link = page.locator('.board a', { has: page.getByText(name, { exact: true }) });
    await link.focus();
    const scroll = await page.evaluate(() => window.scrollY);
    expect(scroll).toBeGreaterThan(0);
    await waitForPoll(page);
    await expect.poll(() => polls).toEqual([304]);
    expect(await announcement(page)).toBe('');

    await moveToTop(browser.number);
    await waitForPoll(page);
    await firstRow(page).getByText(name, { exact: true }).waitFor();
    await expect.poll(() => announcement(page)).toBe(`${name} is now 1st.`);
    // The rows below it only moved down by one, so they are not marked.
    expect(await page.locator('.board tr.moved .name').allTextContents()).toEqual([name]);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(name);
    expect(await page.evaluate(() => window.scrollY)).toBe(scroll);
    await page.clock.runFor(5_000);
    expect(await page.locator('.board tr.moved').count()).toBe(0);
    await waitForPoll(page);
    await expect.poll(() => polls).toEqual([304, 200, 304]);
    expect(complaints).toEqual([]);
  },
);

it('keeps the Top 3 of the front page up to date, unless the visitor paused it', async () => {
  const { page, complaints } = await chromium.open(site);
  await page.clock.install();
  await page.goto('/');
  const first = page.locator('.podium .name').first();
  const before = await first.textContent();
  await page.clock.runFor(10_000);
  expect(await first.textContent()).toBe(before);
  await moveToTop(17);
  await waitForPoll(page);
  await page.locator('.podium .moved').getByText('Thing 17', { exact: true }).waitFor();
  expect(await first.textContent()).toBe('Thing 17');
  await expect.poll(() => announcement(page)).toBe('Thing 17 is now 1st.');
  await page.route('**/*', (route) => route.abort(), { times: 1 });
  const failed = page.waitForEvent('requestfailed');
  await page.clock.runFor(10_000);
  await failed;
  expect(await page.locator('.podium li').count()).toBe(3);
  await page.getByRole('button', { name: 'Pause updates' }).click();
  await moveToTop(18);
  await page.clock.runFor(35_000);
  expect(await first.textContent()).toBe('Thing 17');
  expect(complaints.filter((text) => !/ERR_FAILED|Failed to fetch/.test(text))).toEqual([]);
});

it('pauses updates by keyboard, for the rest of the visit', async () => {
  const { page, complaints, polls } = await openTop();
  const pause = page.getByRole('button', { name: 'Pause updates' });
  expect(await pause.getAttribute('aria-pressed')).toBe('false');
  await pause.focus();
  await page.keyboard.press('Space');
  expect(await pause.getAttribute('aria-pressed')).toBe('true');
  const before = await firstRow(page).textContent();
  await moveToTop(20);
  await page.clock.runFor(35_000);
  expect(polls).toEqual([]);
  expect(await firstRow(page).textContent()).toBe(before);

  await page.goto('/ranking');
  await page.goto('/top');
  expect(await pause.getAttribute('aria-pressed')).toBe('true');
  await moveToTop(21);
  await pause.focus();
  const answer = page.waitForResponse('**/top');
  await page.keyboard.press('Enter');
  await answer;
  await firstRow(page).getByText('Thing 21', { exact: true }).waitFor();
  expect(await pause.getAttribute('aria-pressed')).toBe('false');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Pause updates');
  expect(complaints).toEqual([]);
});

it.each([{ colorScheme: 'light' }, { colorScheme: 'dark' }, { forcedColors: 'active' }] as const)(
  'shows that updates are paused, under the same button name: $colorScheme $forcedColors',
  async (look) => {
    const { page } = await openTop(look);
    const pause = page.getByRole('button', { name: 'Pause updates', exact: true });
    const label = page.locator('#live').getByText('Paused', { exact: true });
    expect(await label.isVisible()).toBe(false);
    await pause.click();
    expect(await label.isVisible()).toBe(true);
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    await page.reload();
    expect(await label.isVisible()).toBe(true);
    await pause.click();
    expect(await label.isVisible()).toBe(false);
  },
);

it('does not poll while the page is hidden, and polls at once when it is visible again', async () => {
  const { page, polls } = await openTop();
  const setHidden = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await setHidden(true);
  await page.clock.runFor(60_000);
  expect(polls).toEqual([]);
  await setHidden(false);
  await expect.poll(() => polls).toEqual([304]);
});

it('keeps the board and shows no error when a poll fails', async () => {
  const { page } = await openTop();
  await page.context().setOffline(true);
  const failed = page.waitForEvent('requestfailed');
  await page.clock.runFor(10_000);
  await failed;
  await page.context().setOffline(false);
  await page.route('**/top', (route) => route.fulfill({ status: 503, body: '<p>away</p>' }), { times: 1 });
  await waitForPoll(page);
  expect(await page.locator('.board tbody tr').count()).toBe(20);
  expect(await page.getByRole('alert').count()).toBe(0);
  await waitForPoll(page);
  expect(await page.locator('.board tbody tr').count()).toBe(20);
});

it('moves rows without animation under prefers-reduced-motion', async () => {
  const { page } = await openTop({ reducedMotion: 'reduce' });
  await moveToTop(7);
  await waitForPoll(page);
  await page.locator('.board tr.moved').first().waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

/** The sum of the layout shifts of a page without presses, so far. */
const shiftsOf = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += (entry as PerformanceEntry & { value: number }).value;
        }).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );

const LONG_NAME = 'Donaudampfschifffahrtsgesellschaftskapitän with a hat and an umbrella for rainy days';

it.each([
  { slug: 'fresh', page: 'top', names: ['Tea', 'Coffee', 'Milk'], width: 375 },
  { slug: 'fresh-all', page: 'ranking', names: ['Tea', 'Coffee', 'Milk'], width: 1280 },
  { slug: 'fresh-long', page: 'top', names: [LONG_NAME.slice(0, 80), 'Tea'], width: 320 },
])(
  'takes the first vote on the page of a ranking without any, and moves nothing: $slug',
  async ({ slug, page: path, names, width }) => {
    await topic(site, { slug, names });
    const { page, complaints } = await chromium.open(site, { viewport: { width, height: 700 } });
    await page.goto(`/topics/${slug}/${path}`);
    await page.locator('.first-vote .choice').first().waitFor();
    expect(await shiftsOf(page)).toBe(0);
    await expectNoSidewaysScroll(page);
    expect(await page.locator('.first-vote a').count()).toBe(0);
    // Nobody pressed anything yet, so the focus stays where it was.
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY');
    const chosen = await page.locator('.first-vote .choice .name').first().textContent();
    // The page ignores clicks right after a new pair appears.
    await page.waitForTimeout(400);
    await page.locator('.first-vote .choice').first().click();
    await page.waitForURL(`**/topics/${slug}/vote?voted=*`);
    expect(await page.locator('.receipt').textContent()).toContain(`you chose ${chosen}`);
    expect(complaints).toEqual([]);
  },
);

it('counts no press on a first pair that appears under the finger', async () => {
  await topic(site, { slug: 'fresh-quick', names: ['Tea', 'Coffee'] });
  const { page } = await chromium.open(site);
  // The pair comes after the page is here.
  let send = (): void => undefined;
  const isAsked = new Promise<void>((resolve) => {
    send = resolve;
  });
  await page.route('**/offer', async (route) => {
    await isAsked;
    await route.continue();
  });
  await page.goto('/topics/fresh-quick/top');
  await page.evaluate(() =>
    document.addEventListener('htmx:after:swap', () =>
      document.querySelector<HTMLElement>('.first-vote .choice')?.click(),
    ),
  );
  send();
  await page.locator('.first-vote .missed').getByText('Too quick').waitFor();
});

it.each([
  { why: 'without a script', options: { javaScriptEnabled: false }, isAway: false },
  { why: 'while no pair comes', options: {}, isAway: true },
])('opens the vote page from any place of the invitation to the first vote, $why', async (look) => {
  const slug = look.isAway ? 'away' : 'plain';
  await topic(site, { slug, names: ['Tea', 'Coffee'] });
  const { page } = await chromium.open(site, { viewport: { width: 375, height: 553 }, ...look.options });
  if (look.isAway) await page.route('**/offer', (route) => route.fulfill({ status: 503, body: 'away' }));
  await page.goto(`/topics/${slug}/top`, { waitUntil: 'networkidle' });
  const { x = 0, y = 0 } = (await page.locator('.contestant').last().boundingBox()) ?? {};
  await page.mouse.click(x + 20, y + 20);
  await page.waitForURL(`**/topics/${slug}/vote`);
});

it('has no dead button without JavaScript', async () => {
  const { page } = await chromium.open(site, { javaScriptEnabled: false });
  await page.goto('/top');
  expect(await page.locator('main button').count()).toBe(0);
  await page.getByRole('link', { name: 'All 25 things' }).click();
  await page.getByLabel('Find a thing').fill('thing 25');
  await page.getByRole('button', { name: 'Find' }).click();
  expect(await page.locator('.board .name').allTextContents()).toEqual(['Thing 25']);
});

it.each([320, 390])(
  'cuts off no name and wraps no figure at %d pixels, even with large text',
  async (width) => {
    await topic(site, { slug: 'long', names: ['Donaudampfschifffahrtsgesellschaftskapitän', 'Ramen'] });
    const title = 'Rhabarberbarbarabarbarbarenbartbarbierbierbar and others';
    await site.db.updateTable('topics').where('slug', '=', 'long').set({ title }).execute();
    await rateInOrder(site);
    await moveToTop(25);
    const { page } = await chromium.open(site, { viewport: { width, height: 700 } });
    const username = `${'wide.w'.repeat(4)}.${width}`;
    await page.goto('/register');
    await page.getByLabel('Name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill('engines and flowers');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.locator('.who').waitFor();
    for (const size of ['100%', '200%'])
      for (const path of ['/top', '/topics/long/top', '/topics/long/ranking', '/topics', '/vote']) {
        await page.goto(path);
        await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size);
        await expectNoSidewaysScroll(page);
        const cut = await page
          .locator('h1, .board .name, .board .note')
          .evaluateAll((elements) =>
            elements
              .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
              .map((element) => element.outerHTML),
          );
        expect(cut, `${path} at ${size}`).toEqual([]);
      }
    await page.goto('/top');
    const lines = await page
      .locator('.board .wins')
      .evaluateAll((elements) =>
        elements.map(
          (element) =>
            element.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(element).lineHeight),
        ),
      );
    expect(lines.length).toBeGreaterThan(0);
    for (const count of lines) expect(Math.round(count)).toBe(1);
  },
);

it('fits the smallest phones', async () => {
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    select id, date_trunc('hour', now()) - interval '3 days', 4, 1, 9 from things`.execute(site.db);
  const { page, complaints } = await chromium.open(site, { viewport: { width: 320, height: 640 } });
  for (const path of ['/top', '/ranking', '/ranking?q=nothing+like+it']) {
    await page.goto(path);
    await expectNoSidewaysScroll(page);
  }
  await page.goto('/top');
  await page.locator('.board a').first().click();
  await page.locator('.chart').waitFor();
  await page.getByText('Show the numbers').click();
  await expectNoSidewaysScroll(page);
  expect(complaints).toEqual([]);
});
