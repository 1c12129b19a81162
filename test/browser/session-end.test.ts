import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { topic, useSite } from '../site.js';
import { expectNoViolations, signUp, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();
let members = 0;

beforeAll(async () => {
  await topic(site);
});

/** Signs up, and opens the form for a new password. Time in the page passes only by `page.clock`. */
async function openForm(path = '/profile/password'): Promise<{ page: Page; id: number }> {
  const username = `idler${++members}`;
  const { page } = await chromium.open(site);
  const id = await signUp(site, page, username);
  await page.clock.install();
  await page.goto(path);
  return { page, id };
}

/** Moves the deadline of a member's session to some seconds from now. */
const endIn = (userId: number, seconds: number, { isLast = false } = {}) => {
  const deadline = new Date(Date.now() + 1000 * seconds);
  const lastSeenAt = new Date(Date.now() - 600_000);
  return site.db
    .updateTable('sessions')
    .set({ lastSeenAt, idleExpiresAt: deadline, ...(isLast && { expiresAt: deadline }) })
    .where('userId', '=', userId)
    .execute();
};

const deadlineOf = async (userId: number): Promise<number> => {
  const session = site.db.selectFrom('sessions').where('userId', '=', userId).select('idleExpiresAt');
  return (await session.executeTakeFirstOrThrow()).idleExpiresAt.getTime();
};

const warning = (page: Page) => page.getByRole('dialog', { name: 'Are you still there?' });

it('warns two minutes before a log-out, and one press keeps the session and what was typed', async () => {
  const { page, id } = await openForm();
  await page.getByLabel('New password', { exact: true }).fill('half a new phrase');
  await page.clock.fastForward('01:57:00');
  expect(await warning(page).isVisible()).toBe(false);
  await endIn(id, 100);
  await page.clock.fastForward('00:01:30');
  await warning(page).waitFor();
  await expectNoViolations(page, 'the warning');
  await page.keyboard.press('Enter');
  await warning(page).waitFor({ state: 'hidden' });
  expect(await deadlineOf(id)).toBeGreaterThan(Date.now() + 7_000_000);
  expect(await page.getByLabel('New password', { exact: true }).inputValue()).toBe('half a new phrase');
});

it('warns nobody whom another tab keeps logged in, and does not keep the session by asking', async () => {
  const { page, id } = await openForm();
  const before = await deadlineOf(id);
  await Promise.all([
    page.waitForResponse('**/profile/sessions/current'),
    page.clock.fastForward('01:58:30'),
  ]);
  expect(await warning(page).isVisible()).toBe(false);
  expect(await deadlineOf(id)).toBe(before);
});

it('says that a session can’t last longer', async () => {
  const { page, id } = await openForm();
  await endIn(id, 100, { isLast: true });
  await page.clock.fastForward('01:58:30');
  await warning(page).getByRole('button').click();
  await page.getByRole('dialog', { name: 'You will be logged out within two minutes' }).waitFor();
  await page.getByRole('button', { name: 'OK' }).click();
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it('says that the session has ended, and the log-in leads back to the page', async () => {
  const { page, id } = await openForm('/vote');
  await endIn(id, -1);
  await page.clock.fastForward('02:00:10');
  await page.getByRole('dialog', { name: 'You are logged out' }).waitFor();
  await expectNoViolations(page, 'the end of a session');
  await page.getByRole('link', { name: 'Log in again' }).click();
  await page.waitForURL('**/login?next=%2Fvote');
});

it('votes on nothing behind the warning', async () => {
  const { page, id } = await openForm('/vote');
  await endIn(id, 100);
  await page.clock.fastForward('01:58:30');
  await warning(page).waitFor();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Escape');
  await warning(page).waitFor({ state: 'hidden' });
  expect(await site.db.selectFrom('votes').where('voterId', '=', id).select('id').execute()).toEqual([]);
});
