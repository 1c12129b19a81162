import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { makeClaim } from '../../src/admin/settings/claim.js';
import { member, useSite } from '../site.js';
import { fillAdminPages } from './admin-pages.js';
import {
  expectNoSidewaysScroll,
  expectNoViolations,
  expectOutline,
  saveRecoveryCode,
  useChromium,
} from './chromium.js';

const site = useSite();
const chromium = useChromium();

const PHONE = { width: 375, height: 553 };
const DESK = { width: 1280, height: 800 };
const folder = join(import.meta.dirname, 'screenshots');

let paths: string[] = [];

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  paths = await fillAdminPages(site);
});

/** Claims the site as somebody who had no account, on a phone. */
async function becomeAdmin(script: boolean): Promise<{ page: Page; complaints: string[] }> {
  await site.db.transaction().execute(async (trx) => {
    await sql`alter table users disable trigger users_keep_an_admin`.execute(trx);
    await sql`update users set role = 'member'`.execute(trx);
    await sql`alter table users enable trigger users_keep_an_admin`.execute(trx);
  });
  const { page, complaints } = await chromium.open(site, {
    ...{ javaScriptEnabled: script, viewport: PHONE, reducedMotion: 'reduce' },
  });
  await page.goto(`/claim/${await makeClaim(site.db)}`);
  await expectNoSidewaysScroll(page);
  if (script) await expectNoViolations(page, page.url());
  await page.getByRole('link', { name: 'Sign up first' }).click();
  await page.getByLabel('Name').fill(`founder${Math.floor(Math.random() * 1e9)}`);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.locator('main').getByRole('button', { name: 'Sign up' }).click();
  await saveRecoveryCode(page, '**/claim/**');
  await page.getByRole('button', { name: 'Become the admin' }).click();
  await page.waitForURL('**/admin/settings');
  return { page, complaints };
}

// Chromium reports the answer to a form that is shown again as an error, which is expected here.
const withoutRefusals = (complaints: string[]): string[] =>
  complaints.filter((text) => !text.includes('status of 422'));

it.each([
  { name: 'with a script', script: true },
  { name: 'without a script', script: false },
])('claims the site, names it, and walks all its pages: $name', async ({ name, script }) => {
  const { page, complaints } = await becomeAdmin(script);
  await page.getByLabel('Name of the site').fill('The Owls');
  await page.getByLabel('Colour on light pages').fill('#ffd700');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('and text needs 4.5').waitFor();
  expect(await page.getByLabel('Name of the site').inputValue()).toBe('The Owls');
  if (script) await expectNoViolations(page, page.url());
  await page.getByLabel('Colour on light pages').fill('#0b6b46');
  await page.getByLabel('Colour on dark pages').fill('#7fd8a2');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved.').waitFor();
  expect(await page.locator('.logo').textContent()).toContain('The Owls');
  for (const [index, path] of paths.entries()) {
    const answer = await page.goto(`/admin${path}`);
    expect([path, answer?.status()]).toEqual([path, 200]);
    await expectNoSidewaysScroll(page);
    if (!script) continue;
    await expectOutline(page);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await expectNoViolations(page, `${path}, ${colorScheme}`);
      for (const [size, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
        await page.setViewportSize(viewport);
        const file = join(folder, `admin-${index}-${size}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: size === 'desk' });
      }
      await page.setViewportSize(PHONE);
    }
  }
  expect([name, withoutRefusals(complaints)]).toEqual([name, []]);
});

it.each([
  { name: 'with a script', script: true },
  { name: 'without a script', script: false },
])('disables an account with the password, and lifts it: $name', async ({ script }) => {
  const { page } = await becomeAdmin(script);
  const person = await member(site);
  await page.goto('/admin/people');
  await page.getByLabel('Find a person by name').fill(person.username);
  await page.getByRole('button', { name: 'Find' }).click();
  await page.getByRole('link', { name: person.username, exact: true }).click();
  await sql`update sessions set confirmed_at = now() - interval '11 minutes'`.execute(site.db);
  await page.getByLabel('Reason to disable it').fill('Spam');
  await page.getByRole('button', { name: 'Disable the account' }).click();
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Disabled. This person is logged out everywhere').waitFor();
  await person.browser.get('/profile').expect(303);
  await page.getByRole('button', { name: 'Enable the account' }).click();
  await page.getByText('Enabled. This person can log in again.').waitFor();
});
