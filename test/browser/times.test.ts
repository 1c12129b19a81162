import { sql } from 'kysely';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { makeTopic, reload } from '../organize/topics.js';
import { importVotesOf, topic, useSite } from '../site.js';
import { signUp, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();
const tokyo = { locale: 'de-DE', timezoneId: 'Asia/Tokyo' };
let members = 0;

/** Opens the list of devices of a member who logged in on New Year's Eve, 20:30 UTC. */
async function openDevices(options: BrowserContextOptions): Promise<Page> {
  const username = `reader${++members}`;
  const { page, complaints } = await chromium.open(site, options);
  const id = await signUp(site, page, username);
  const createdAt = new Date('2025-12-31T20:30:00Z');
  await sql`update sessions set created_at = ${createdAt} where user_id = ${id}`.execute(site.db);
  await sql`update users set created_at = ${createdAt} where id = ${id}`.execute(site.db);
  await page.goto('/profile/sessions');
  expect(complaints).toEqual([]);
  return page;
}

it('shows times in the time zone and the language of the reader', async () => {
  const page = await openDevices(tokyo);
  const time = page.locator('time[datetime="2025-12-31T20:30:00.000Z"]');
  expect(await time.first().textContent()).toBe('1. Januar 2026 um 05:30');
  expect(await time.first().getAttribute('lang')).toBe('de-DE');
  await page.goto('/profile');
  const lead = (await page.locator('.lead').textContent()) ?? '';
  expect(lead.replace(/\s+/g, ' ')).toContain('joined 1. Januar 2026.');
});

it('shows times in UTC without JavaScript, and says so', async () => {
  const page = await openDevices({ ...tokyo, javaScriptEnabled: false });
  const time = page.locator('time[datetime="2025-12-31T20:30:00.000Z"]');
  expect(await time.first().textContent()).toBe('31 December 2025, 20:30 UTC');
});

it('shows the rank over time in the days and the hours of the reader', async () => {
  await importVotesOf(site, 10, await topic(site));
  const { id: thing } = await site.db.selectFrom('things').select('id').executeTakeFirstOrThrow();
  await sql`
    insert into rating_history (thing_id, at, rank, low, high)
    values (${thing}, '2025-06-30T20:30:00Z', 3, 1, 4), (${thing}, '2025-12-31T20:30:00Z', 2, 1, 4)`.execute(
    site.db,
  );
  for (const [options, day, label] of [
    [tokyo, '1. Juli 2025', '1. Juli 2025'],
    [{ ...tokyo, javaScriptEnabled: false }, '30 June 2025', '30 Jun 2025'],
  ] as const) {
    const { page, complaints } = await chromium.open(site, options);
    await page.goto(`/things/${thing}`);
    expect(await page.locator('#course-sentence').textContent()).toContain(`It went from 3rd on ${day} to`);
    expect(await page.locator('.chart-label[data-as]').first().textContent()).toBe(label);
    expect(await page.getByText('Days are in UTC.').isVisible()).toBe('javaScriptEnabled' in options);
    expect(complaints).toEqual([]);
  }
});

it('shows a time in the time zone of the reader in what htmx puts into a page', async () => {
  const { id, path } = await makeTopic(site);
  const { page, complaints } = await chromium.open(site, tokyo);
  await page.clock.install();
  await page.goto(`${path}/top`);
  expect(await page.locator('time').count()).toBe(0);
  const closesAt = new Date('2099-12-31T20:30:00Z');
  await site.db
    .updateTable('topics')
    .set({ results: 'after closing', closesAt })
    .where('id', '=', id)
    .execute();
  await reload(site);
  await page.clock.runFor(10_000);
  await page.getByText('The ranking comes later').waitFor();
  expect(await page.locator('time').textContent()).toBe('1. Januar 2100 um 05:30');
  expect(complaints).toEqual([]);
});
