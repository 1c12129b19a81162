import { sql } from 'kysely';
import type { CDPSession, Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, signUp, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();
// Browsers make passkeys for names only, not for addresses.
beforeAll(() => {
  const origin = site.origin.replace('127.0.0.1', 'localhost');
  Object.assign(site, { origin });
  site.config.publicOrigin = origin;
});

/** Opens a phone with a fingerprint reader. */
async function openPhone(): Promise<{ page: Page; complaints: string[]; cdp: CDPSession; reader: string }> {
  const { page, complaints } = await chromium.open(site, { viewport: { width: 375, height: 553 } });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId: reader } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
  return { page, complaints, cdp, reader };
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto('/profile/passkeys');
  await page.locator('#name').fill(name);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Passkey added').waitFor();
}

it('adds a passkey, logs in with it without typing anything, confirms with it, and removes it', async () => {
  const { page, complaints, cdp, reader } = await openPhone();
  await signUp(site, page, 'fingers');
  await addPasskey(page, 'My phone');
  await page.getByRole('heading', { name: 'My phone' }).waitFor();
  await expectNoSidewaysScroll(page);
  await expectNoViolations(page, 'passkeys');
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByText('You are logged out.').waitFor();

  // Nobody touches the reader before the button is pressed.
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: reader, isUserVerified: false });
  await page.goto('/login?next=/profile');
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByText('No passkey was used').waitFor();
  await cdp.send('WebAuthn.setUserVerified', { authenticatorId: reader, isUserVerified: true });
  await page.getByLabel('Keep me logged in').check();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.waitForURL(({ pathname }) => pathname === '/profile');

  await sql`update sessions set confirmed_at = now() - interval '1 hour'`.execute(site.db);
  await page.goto('/profile/passkeys');
  await page.getByRole('button', { name: 'Remove My phone' }).click();
  await page.getByRole('button', { name: 'Use a passkey' }).click();
  await page.getByText('Passkey removed').waitFor();
  expect(complaints.filter((text) => !/status of 422/.test(text))).toEqual([]);
});

it('offers the passkey in the field for the name', async () => {
  const { page } = await openPhone();
  const id = await signUp(site, page, 'autofill');
  await addPasskey(page, 'My phone');
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByText('You are logged out.').waitFor();
  // The virtual authenticator picks the suggestion at once.
  await page.goto('/login');
  await page.waitForURL('**/vote');
  const { reason } = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .where('kind', '=', 'login')
    .select('reason')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  expect(reason).toBe('passkey');
});

it('asks for the password first when it was entered a while ago', async () => {
  const { page } = await openPhone();
  await signUp(site, page, 'returning');
  await sql`update sessions set confirmed_at = now() - interval '1 hour'`.execute(site.db);
  await page.goto('/profile/passkeys');
  await page.locator('#name').fill('My phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('press “Add a passkey” once more').waitFor();
  expect(await page.locator('#name').inputValue()).toBe('My phone');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Passkey added').waitFor();
});

it('logs in by name and password without a script, and shows no button for passkeys', async () => {
  const { page } = await openPhone();
  await signUp(site, page, 'scriptless');
  const { page: plain } = await chromium.open(site, { javaScriptEnabled: false });
  await plain.goto('/login');
  expect(await plain.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0);
  await plain.getByLabel('Name').fill('scriptless');
  await plain.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await plain.locator('main').getByRole('button', { name: 'Log in', exact: true }).click();
  await plain.waitForURL('**/vote');
});
