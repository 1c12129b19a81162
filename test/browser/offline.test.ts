import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { topic, useSite } from '../site.js';
import { saveRecoveryCode, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await topic(site);
});

async function openOnline() {
  const { page, complaints } = await chromium.open(site, { serviceWorkers: 'allow' });
  await page.goto('/');
  await waitForWorker(page);
  return { page, complaints };
}

const waitForWorker = (page: Page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
  });

/** Returns the address and the text of everything that the browser keeps for scripts. */
const keptIn = (page: Page) =>
  page.evaluate(async () => {
    const kept: [path: string, text: string][] = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys())
        kept.push([new URL(request.url).pathname, (await (await cache.match(request))?.text()) ?? '']);
    }
    return kept;
  });

async function signUp(page: Page, username: string): Promise<void> {
  await page.goto('/register');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.locator('main').getByRole('button', { name: 'Sign up' }).click();
  await saveRecoveryCode(page);
}

it('says that there is no connection, and opens the page when there is one again', async () => {
  const { page, complaints } = await openOnline();
  await page.goto('/vote');
  expect(complaints).toEqual([]);
  await page.context().setOffline(true);
  await page.goto('/topics');
  await page.getByRole('heading', { name: 'No connection' }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/topics');
  await page.context().setOffline(false);
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByRole('heading', { name: 'Topics' }).waitFor();
});

it('keeps nothing but that page, also while a member is logged in, and works after the log-out', async () => {
  const { page, complaints } = await openOnline();
  await signUp(page, 'offliner');
  for (const path of ['/profile', '/vote', '/top', '/offline']) await page.goto(path);
  await waitForWorker(page);
  const kept = await keptIn(page);
  expect(kept.map(([path]) => path)).toEqual(['/offline']);
  expect(kept[0]?.[1]).not.toContain('offliner');
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Log out' }).first().click();
  await page.getByText('You are logged out.').waitFor();
  await waitForWorker(page);
  await page.context().setOffline(true);
  await page.goto('/profile');
  await page.getByRole('heading', { name: 'No connection' }).waitFor();
  expect(complaints.filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
});

it('follows redirects, and leaves forms to the browser', async () => {
  const { page } = await openOnline();
  await page.goto('/profile');
  expect(new URL(page.url()).pathname).toBe('/login');
  await signUp(page, 'redirected');
  await page.goto('/profile/password');
  await page.context().setOffline(true);
  await page.getByLabel('Current password', { exact: true }).fill('a long enough phrase');
  await page.getByLabel('New password', { exact: true }).fill('another long phrase');
  await page.getByRole('button', { name: 'Change password' }).click();
  await page.waitForURL('chrome-error://**');
});

it('fetches the page again after the styles have changed', async () => {
  const { page } = await openOnline();
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/service-worker.js?v=new');
  });
  await expect.poll(() => page.evaluate(() => caches.keys()), { timeout: 20_000 }).toEqual(['offline?v=new']);
});
