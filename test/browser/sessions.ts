import type { BrowserContextOptions } from 'playwright-core';
import type { Site } from '../site.js';
import type { useChromium } from './chromium.js';
import type { Members } from './fixtures.js';

/** The cookies of a browser window. */
export type SavedSession = NonNullable<BrowserContextOptions['storageState']>;

/** Logs each member in by the page, as a person would. @returns the cookies, by the member's role */
export async function logInEach(
  chromium: ReturnType<typeof useChromium>,
  site: Site,
  members: Members,
): Promise<Record<string, SavedSession>> {
  const sessions: Record<string, SavedSession> = {};
  for (const [role, { username, password }] of Object.entries(members)) {
    const { page } = await chromium.open(site);
    await page.goto('/login');
    await page.getByLabel('Name').fill(username);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.locator('main').getByRole('button', { name: 'Log in' }).click();
    await page.waitForURL('**/vote');
    sessions[role] = await page.context().storageState();
  }
  return sessions;
}
