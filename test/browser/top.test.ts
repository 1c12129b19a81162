import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { thingNames, topic, useSite } from '../site.js';
import { expectNoSidewaysScroll, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await topic(site, { names: thingNames(25) });
});

/** Moves one thing to the top, and nothing else, as many votes would. */
async function lift(number: number): Promise<void> {
  await sql`
    insert into ratings (thing_id, topic_id, mean, variance, wins, losses, ties)
    select id, topic_id, -id, 1, 10, 10, 0 from things on conflict do nothing`.execute(site.db);
  await sql`
    update ratings set mean = (select max(mean) + 1 from ratings)
    where thing_id = (select id from things where name = ${`Thing ${number}`})`.execute(site.db);
  await sql`update boards set changes = changes + 1`.execute(site.db);
  await site.rank();
}

/** Opens the Top 20 with a clock that the test moves. */
async function openTop(
  options = {},
  moves = true,
): Promise<{ page: Page; complaints: string[]; asked: number[] }> {
  const { page, complaints } = await chromium.open(site, options);
  const asked: number[] = [];
  page.on('response', (response) => {
    if (response.request().headers()['thinga-poll']) asked.push(response.status());
  });
  if (!moves) await page.addInitScript(() => Reflect.deleteProperty(Element.prototype, 'moveBefore'));
  await page.clock.install();
  await page.goto('/top');
  return { page, complaints, asked };
}

/** Lets the time go by after which the page asks for news, and waits for the answer. */
async function tick(page: Page): Promise<void> {
  const answer = page.waitForResponse((response) => 'thinga-poll' in response.request().headers());
  await page.clock.runFor(10_000);
  await (await answer).finished();
}

const first = (page: Page) => page.locator('.board tbody tr').first();
const spoken = (page: Page) => page.locator('#spoken').textContent();

const browsers = [
  { name: 'a browser that moves what has the focus', number: 12, moves: true },
  { name: 'one that takes the focus off it', number: 13, moves: false },
];

it.each(browsers)(
  'brings what has moved, marks it and says it once, and stays where one reads: $name',
  async (browser) => {
    const { page, complaints, asked } = await openTop(
      { viewport: { width: 390, height: 700 } },
      browser.moves,
    );
    const name = `Thing ${browser.number}`;
    const link = page.locator('.board a', { has: page.getByText(name, { exact: true }) });
    await link.focus();
    const scroll = await page.evaluate(() => window.scrollY);
    expect(scroll).toBeGreaterThan(0);
    await tick(page);
    await expect.poll(() => asked).toEqual([304]);
    expect(await spoken(page)).toBe('');

    await lift(browser.number);
    await tick(page);
    await first(page).getByText(name, { exact: true }).waitFor();
    await expect.poll(() => spoken(page)).toBe(`${name} is now 1st.`);
    // Those it passed were only pushed down.
    expect(await page.locator('.board tr.moved .name').allTextContents()).toEqual([name]);
    expect(await page.evaluate(() => document.activeElement?.querySelector('.name')?.textContent)).toBe(name);
    expect(await page.evaluate(() => window.scrollY)).toBe(scroll);
    await page.clock.runFor(5_000);
    expect(await page.locator('.board tr.moved').count()).toBe(0);
    await tick(page);
    await expect.poll(() => asked).toEqual([304, 200, 304]);
    expect(complaints).toEqual([]);
  },
);

it('holds still when it is told to, by keyboard, for as long as the visit lasts', async () => {
  const { page, complaints, asked } = await openTop();
  const pause = page.getByRole('button', { name: 'Pause updates' });
  expect(await pause.getAttribute('aria-pressed')).toBe('false');
  await pause.focus();
  await page.keyboard.press('Space');
  expect(await pause.getAttribute('aria-pressed')).toBe('true');
  const before = await first(page).textContent();
  await lift(20);
  await page.clock.runFor(35_000);
  expect(asked).toEqual([]);
  expect(await first(page).textContent()).toBe(before);

  await page.goto('/ranking');
  await page.goto('/top');
  expect(await pause.getAttribute('aria-pressed')).toBe('true');
  await lift(21);
  await pause.focus();
  const answer = page.waitForResponse('**/top');
  await page.keyboard.press('Enter');
  await answer;
  await first(page).getByText('Thing 21', { exact: true }).waitFor();
  expect(await pause.getAttribute('aria-pressed')).toBe('false');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Pause updates');
  expect(complaints).toEqual([]);
});

it.each([{ colorScheme: 'light' }, { colorScheme: 'dark' }, { forcedColors: 'active' }] as const)(
  'shows that it holds still, under the same name: $colorScheme $forcedColors',
  async (look) => {
    const { page } = await openTop(look);
    const pause = page.getByRole('button', { name: 'Pause updates', exact: true });
    const word = page.locator('#live').getByText('Paused', { exact: true });
    expect(await word.isVisible()).toBe(false);
    await pause.click();
    expect(await word.isVisible()).toBe(true);
    expect(await pause.getAttribute('aria-pressed')).toBe('true');
    await page.reload();
    expect(await word.isVisible()).toBe(true);
    await pause.click();
    expect(await word.isVisible()).toBe(false);
  },
);

it('does not ask while nobody sees it, and asks at once when somebody does again', async () => {
  const { page, asked } = await openTop();
  const show = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  await show(true);
  await page.clock.runFor(60_000);
  expect(asked).toEqual([]);
  await show(false);
  await expect.poll(() => asked).toEqual([304]);
});

it('keeps the board and says nothing when no answer comes', async () => {
  const { page } = await openTop();
  await page.context().setOffline(true);
  const failed = page.waitForEvent('requestfailed');
  await page.clock.runFor(10_000);
  await failed;
  await page.context().setOffline(false);
  await page.route('**/top', (route) => route.fulfill({ status: 503, body: '<p>away</p>' }), { times: 1 });
  await tick(page);
  expect(await page.locator('.board tbody tr').count()).toBe(20);
  expect(await page.locator('#notice').textContent()).toBe('');
  await tick(page);
  expect(await page.locator('.board tbody tr').count()).toBe(20);
});

it('moves rows without motion for those who ask for less of it', async () => {
  const { page } = await openTop({ reducedMotion: 'reduce' });
  await lift(7);
  await tick(page);
  await page.locator('.board tr.moved').first().waitFor();
  expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
});

it('has nothing dead on it without JavaScript', async () => {
  const { page } = await chromium.open(site, { javaScriptEnabled: false });
  await page.goto('/top');
  expect(await page.locator('main button').count()).toBe(0);
  await page.getByRole('link', { name: 'All 25 things' }).click();
  await page.getByLabel('Find a thing').fill('thing 25');
  await page.getByRole('button', { name: 'Find' }).click();
  expect(await page.locator('.board .name').allTextContents()).toEqual(['Thing 25']);
});

it.each([320, 390])(
  'cuts no name and breaks no figure at %d pixels, however large the text',
  async (width) => {
    await topic(site, { slug: 'long', names: ['Donaudampfschifffahrtsgesellschaftskapitän', 'Ramen'] });
    const title = 'Rhabarberbarbarabarbarbarenbartbarbierbierbar and others';
    await site.db.updateTable('topics').where('slug', '=', 'long').set({ title }).execute();
    await lift(25);
    const { page } = await chromium.open(site, { viewport: { width, height: 700 } });
    const username = `${'wide.w'.repeat(4)}.${width}`;
    await page.goto('/register');
    await page.getByLabel('Name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill('engines and flowers');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.locator('.who').waitFor();
    for (const size of ['100%', '200%'])
      for (const path of ['/top', '/topics/long/top', '/topics/long/ranking', '/topics', '/vote']) {
        await page.goto(path);
        await page.evaluate((size) => document.documentElement.style.setProperty('font-size', size), size);
        await expectNoSidewaysScroll(page);
        const cut = await page
          .locator('h1, .who, .board .name, .board .note')
          .evaluateAll((all) =>
            all
              .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
              .map((one) => one.outerHTML),
          );
        expect(cut, `${path} at ${size}`).toEqual([]);
      }
    await page.goto('/top');
    const lines = await page
      .locator('.board .times')
      .evaluateAll((all) =>
        all.map(
          (one) => one.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(one).lineHeight),
        ),
      );
    expect(lines.length).toBeGreaterThan(0);
    for (const many of lines) expect(Math.round(many)).toBe(1);
  },
);

it('has room on the smallest phones', async () => {
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
  await page.getByText('The same in figures').click();
  await expectNoSidewaysScroll(page);
  expect(complaints).toEqual([]);
});
