import { sql } from 'kysely';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { useSite } from '../site.js';
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
