import type { Page } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { openMailServer } from '../mail-server.js';
import { useSite } from '../site.js';
import {
  expectFocusOn,
  expectNoViolations,
  PHONE,
  saveRecoveryCode,
  sendSignUp,
  signUp,
  takeScreenshots,
  useChromium,
  WITH_AND_WITHOUT_SCRIPT,
} from './chromium.js';

const mail = await openMailServer();
afterAll(() => mail.close());
const site = useSite({ smtpUrl: mail.url, mailFrom: 'site@thinga.example' });
const chromium = useChromium();

const NEW_PASSWORD = 'engines and flowers';
let people = 0;
const newName = (): string => `returning${++people}`;

/** Opens a device of its own, on which nobody is logged in. */
async function openDevice(script: boolean): Promise<Page> {
  const { page } = await chromium.open(site, {
    ...{ javaScriptEnabled: script, viewport: PHONE, reducedMotion: 'reduce' },
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  await page.addInitScript(() => {
    globalThis.print = () => document.documentElement.setAttribute('data-printed', '');
  });
  return page;
}

const heading = (page: Page, name: string) =>
  page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const press = (page: Page, name: string) => page.locator('main').getByRole('button', { name }).click();

/** Reads the recovery code on its page, and uses the buttons for it. */
async function readCode(page: Page, script: boolean): Promise<string> {
  await heading(page, 'Your recovery code');
  const code = (await page.locator('#code').textContent())?.trim() ?? '';
  expect(code).toHaveLength(34);
  const [print, copy] = ['Print', 'Copy'].map((name) => page.locator('main').getByRole('button', { name }));
  if (!script) {
    expect(await page.locator('main').getByRole('button').allTextContents()).toEqual([
      'I saved it, continue',
    ]);
    return code;
  }
  await print?.click();
  expect(await page.locator('html[data-printed]').count()).toBe(1);
  await copy?.click();
  await page.locator('main').getByText('Copied').waitFor();
  await expect.poll(() => page.locator('#spoken').textContent()).toBe('Code copied.');
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  return code;
}

/** Expects that a device is logged out and says why, and logs in there with the new password. */
async function expectLoggedOut(page: Page, username: string): Promise<void> {
  await page.goto('/profile');
  await heading(page, 'Log in');
  await page.getByText('You were logged out because your password was changed.').waitFor();
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(NEW_PASSWORD);
  await press(page, 'Log in');
  await heading(page, username);
}

/** Opens a link for a new password, chooses a bad one first, and comes to the new code. */
async function resetByLink(
  page: Page,
  { path, username }: { path: string; username: string },
): Promise<void> {
  await page.goto(path);
  await heading(page, 'Choose a new password');
  await page.getByText(`For ${username}. All devices are logged out`).waitFor();
  await page.getByLabel('New password', { exact: true }).fill(username);
  await press(page, 'Set new password');
  await page.getByText('This password is too close to your name. Choose another.').waitFor();
  await expectFocusOn(page, 'password');
  await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
  await press(page, 'Set new password');
  await page.getByText('Your password is changed. You are logged in here').waitFor();
}

it.each(WITH_AND_WITHOUT_SCRIPT)('gets back in with the recovery code: $name', async ({ name, script }) => {
  const username = newName();
  const lost = await openDevice(script);
  await lost.goto('/register');
  await sendSignUp(lost, username);
  const code = await readCode(lost, script);
  await takeScreenshots(lost, `recovery-code ${name}`);
  await lost.emulateMedia({ media: 'print' });
  await takeScreenshots(lost, `recovery-code printed ${name}`);
  await lost.emulateMedia({ media: null });
  await saveRecoveryCode(lost);

  const page = await openDevice(script);
  await page.goto('/login');
  await page.getByRole('link', { name: 'Get back in' }).click();
  await heading(page, 'Get back in');
  await page.getByLabel('Name', { exact: true }).fill(username);
  await page.getByLabel('Recovery code').fill(code.slice(0, -1));
  await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
  await press(page, 'Set new password');
  await page.getByText('This name and this code don’t match.').waitFor();
  await expectFocusOn(page, 'code');
  expect(await page.title()).toContain('Error: ');
  expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe(username);
  if (script) await expectNoViolations(page, 'a code that does not match');
  await takeScreenshots(page, `recover refused ${name}`);
  await page.getByLabel('Recovery code').fill(code.toLowerCase().replaceAll('-', ' '));
  await page.getByLabel('New password', { exact: true }).fill(username);
  await press(page, 'Set new password');
  await page.getByText('This password is too close to your name.').waitFor();
  await expectFocusOn(page, 'password');
  await takeScreenshots(page, `recover bad-password ${name}`);
  await page.getByLabel('New password', { exact: true }).fill(NEW_PASSWORD);
  await press(page, 'Set new password');
  await page.getByText('You are logged in here, and logged out on all other devices.').waitFor();
  expect(await readCode(page, script)).not.toBe(code);
  await takeScreenshots(page, `recovered ${name}`);
  await saveRecoveryCode(page);

  await lost.goto('/profile');
  await takeScreenshots(lost, `recovered elsewhere ${name}`);
  await expectLoggedOut(lost, username);
});

it.each(WITH_AND_WITHOUT_SCRIPT)('gets back in by a link from an admin: $name', async ({ name, script }) => {
  const username = newName();
  const lost = await openDevice(script);
  await signUp(site, lost, username);
  const admin = await openDevice(script);
  const adminId = await signUp(site, admin, newName());
  await site.db.updateTable('users').set({ role: 'admin' }).where('id', '=', adminId).execute();

  await admin.goto('/admin/people');
  await admin.getByLabel('Find a person by name').fill(username);
  await press(admin, 'Find');
  await admin.getByRole('link', { name: username, exact: true }).click();
  await press(admin, 'Make a link for a new password');
  await admin.getByText('The link is ready. Give it to this person.').waitFor();
  const link = await admin.getByLabel('Link for a new password').inputValue();
  if (script) {
    await press(admin, 'Copy');
    await admin.locator('main').getByText('Copied').waitFor();
    expect(await admin.evaluate(() => navigator.clipboard.readText())).toBe(link);
  }
  await takeScreenshots(admin, `reset-link made ${name}`);

  const path = new URL(link).pathname;
  const page = await openDevice(script);
  await page.goto(path);
  await takeScreenshots(page, `reset ${name}`);
  await resetByLink(page, { path, username });
  await readCode(page, script);
  await saveRecoveryCode(page);
  await expectLoggedOut(lost, username);
  await lost.goto(path);
  await heading(lost, 'This link no longer works');
  await takeScreenshots(lost, `reset-link used ${name}`);
  await admin.reload();
  expect(await admin.getByLabel('Link for a new password').count()).toBe(0);
});

it.each(WITH_AND_WITHOUT_SCRIPT)(
  'changes the name, and takes the old one back: $name',
  async ({ name, script }) => {
    const [old, taken, next] = [newName(), newName(), newName()];
    await signUp(site, await openDevice(false), taken);
    const page = await openDevice(script);
    await signUp(site, page, old);
    await page.goto('/profile');
    await page.getByRole('link', { name: 'Change your name' }).click();
    await page.getByLabel('New name').fill(taken);
    await press(page, 'Change name');
    await page.getByText(`“${taken}” is taken. Choose another name.`).waitFor();
    await expectFocusOn(page, 'new-name');
    await takeScreenshots(page, `name refused ${name}`);
    await page.getByLabel('New name').fill(next);
    await press(page, 'Change name');
    await page.getByText('Your name is changed.').waitFor();
    await heading(page, next);
    await page.getByRole('banner').getByRole('link', { name: next }).waitFor();
    await takeScreenshots(page, `name changed ${name}`);
    await page.getByRole('link', { name: 'Change your name' }).click();
    await page.getByRole('heading', { name: 'Kept for you' }).waitFor();
    await takeScreenshots(page, `name kept ${name}`);
    await press(page, `Take back ${old}`);
    await page.getByText('Your name is changed.').waitFor();
    await heading(page, old);
    await page.getByRole('banner').getByRole('link', { name: old }).waitFor();
  },
);

it.each(WITH_AND_WITHOUT_SCRIPT)('gets back in by e-mail: $name', async ({ name, script }) => {
  const username = newName();
  const address = `${username}@mail.example`;
  const lost = await openDevice(script);
  await signUp(site, lost, username);
  await lost.goto('/profile');
  await lost.getByRole('link', { name: 'Your e-mail address' }).click();
  await lost.getByLabel('E-mail address').fill('owl@home');
  await press(lost, 'Send a link to confirm it');
  await lost.getByText('This is not an e-mail address.').waitFor();
  await expectFocusOn(lost, 'address');
  await takeScreenshots(lost, `email refused ${name}`);
  await lost.getByLabel('E-mail address').fill(address);
  await press(lost, 'Send a link to confirm it');
  await lost.getByText('We sent a link to that address.').waitFor();
  await lost.getByText('Not confirmed yet.').waitFor();
  await takeScreenshots(lost, `email sent ${name}`);
  await lost.goto((await mail.next(address)).path);
  await heading(lost, 'Confirm your address');
  await takeScreenshots(lost, `email confirm ${name}`);
  await press(lost, 'Confirm this address');
  await lost.getByText('Your e-mail address is confirmed.').waitFor();
  await lost.goto('/profile/email');
  await lost.getByText('Confirmed.', { exact: true }).waitFor();

  const page = await openDevice(script);
  await page.goto('/recover');
  await page.getByText('Send me a link by e-mail').click();
  await takeScreenshots(page, `recover by-mail ${name}`);
  await page.getByLabel('Your name on this site').fill(username);
  await press(page, 'Send link');
  await page.getByText('If this account has a confirmed e-mail address, a link is on its way.').waitFor();
  await takeScreenshots(page, `recover mailed ${name}`);
  await resetByLink(page, { path: (await mail.next(address)).path, username });
  await readCode(page, script);
  await saveRecoveryCode(page);
  await expectLoggedOut(lost, username);
});
