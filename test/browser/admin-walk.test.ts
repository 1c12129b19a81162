import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { member, useSite } from '../site.js';
import { fillAdminPages } from './admin-pages.js';
import {
  expectFocusOn,
  PHONE,
  saveRecoveryCode,
  sendSignUp,
  signUp,
  takeScreenshots,
  useChromium,
  WITH_AND_WITHOUT_SCRIPT,
} from './chromium.js';

const site = useSite();
const chromium = useChromium();
let admins = 0;

/** An admin who walks through the pages, and the name of the walk. */
interface Walk {
  page: Page;
  name: string;
  script: boolean;
}

const openPage = async (script: boolean): Promise<Page> =>
  (await chromium.open(site, { javaScriptEnabled: script, viewport: PHONE, reducedMotion: 'reduce' })).page;

/** Logs a new admin in. */
async function becomeAdmin(script: boolean): Promise<Page> {
  const page = await openPage(script);
  const id = await signUp(site, page, `warden${++admins}`);
  await site.db.updateTable('users').set({ role: 'admin' }).where('id', '=', id).execute();
  await page.goto('/profile');
  await page.getByRole('link', { name: 'Run this site' }).click();
  await page.getByRole('heading', { level: 1, name: 'Run this site' }).waitFor();
  return page;
}

const press = (page: Page, name: string) =>
  page.locator('main').getByRole('button', { name, exact: true }).click();
/** Follows the link to one of the pages for admins. */
const go = (page: Page, name: string) =>
  page
    .getByRole('navigation', { name: 'Run this site' })
    .getByRole('link', { name: new RegExp(`^${name}`) })
    .click();

async function openPerson(page: Page, username: string): Promise<void> {
  await go(page, 'People');
  await page.getByLabel('Find a person by name').fill(username);
  await press(page, 'Find');
  await page.getByRole('link', { name: username, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: username }).waitFor();
}

const back = (page: Page, name: string) => page.locator('.eyebrow').getByRole('link', { name }).click();

it.each(WITH_AND_WITHOUT_SCRIPT)('runs the site for an afternoon: $name', async ({ name, script }) => {
  const paths = await fillAdminPages(site);
  const walk = { page: await becomeAdmin(script), name, script };
  const helper = await member(site);
  await giveAndTakeRole(walk, helper);
  await handTopicOver(walk, {
    helper: helper.username,
    path: paths.find((path) => /^\/topics\/\d/.test(path)),
  });
  await emptyReviewQueue(walk);
  await setApartAndRestore(walk, helper.username);
  await checkRecord(walk);
  await inviteSomebody(walk);
  await go(walk.page, 'Health');
  for (const part of [
    'Settings',
    'Database',
    'Tables',
    'Ranking',
    'Redis',
    'Disk',
    'Clock',
    'Proxies',
    'Backup',
  ])
    await walk.page.getByRole('heading', { level: 3, name: part, exact: true }).waitFor();
  expect(await walk.page.getByRole('heading', { name: 'Broken' }).count()).toBe(0);
  await takeScreenshots(walk.page, `walk health ${name}`);
});

async function giveAndTakeRole(
  { page, name }: Walk,
  helper: Awaited<ReturnType<typeof member>>,
): Promise<void> {
  await openPerson(page, helper.username);
  await press(page, 'Make an admin');
  await page.getByText('Done. This person is an admin now.').waitFor();
  await takeScreenshots(page, `walk role-given ${name}`);
  await helper.browser.get('/admin').expect(200);
  await press(page, 'Take the role of admin');
  await page.getByText('Done. This person is no longer an admin.').waitFor();
  await helper.browser.get('/admin').expect(404);
  await back(page, 'People');
}

async function handTopicOver(
  { page, name }: Walk,
  { helper, path }: { helper: string; path: string | undefined },
): Promise<void> {
  await go(page, 'Topics');
  await page.getByLabel('Find a topic by title').fill('owls');
  await press(page, 'Find');
  await page.locator(`main a[href="/admin${path}"]`).click();
  await page.getByLabel('Hand it over to').fill('nobody-here');
  await press(page, 'Hand over');
  await page.getByText('Nobody here has this name.').waitFor();
  await expectFocusOn(page, 'username');
  await takeScreenshots(page, `walk hand-over-refused ${name}`);
  await page.getByLabel('Hand it over to').fill(helper);
  await press(page, 'Hand over');
  await page.getByText('Handed over.').waitFor();
  await page.getByRole('listitem').filter({ hasText: helper }).getByText('owner').waitFor();
  await takeScreenshots(page, `walk handed-over ${name}`);
  await back(page, 'Topics');
}

async function emptyReviewQueue({ page, name }: Walk): Promise<void> {
  await go(page, 'Review');
  await press(page, 'Refuse');
  await page.getByText('Say in 1 to 300 characters why. The proposer reads it.').waitFor();
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toContain('Say in 1 to 300 characters why.');
  await takeScreenshots(page, `walk review-refused ${name}`);
  await page.getByLabel('Why not').fill('It is no owl.');
  await press(page, 'Refuse');
  await page.getByText('Done.', { exact: true }).waitFor();
  await page.getByRole('button', { name: /^Done with/ }).click();
  await page.getByText('Nothing waits for a decision.').waitFor();
  await takeScreenshots(page, `walk review-empty ${name}`);
}

async function setApartAndRestore({ page, name }: Walk, username: string): Promise<void> {
  await go(page, 'Stuffing');
  await page.locator('#groups ~ .entries .name').first().click();
  await press(page, 'Set 2 voters apart');
  await page.getByText('Done. The ranking follows in a moment.').waitFor();
  expect(await page.getByText('Out', { exact: true }).count()).toBe(2);
  await takeScreenshots(page, `walk set-apart ${name}`);
  await press(page, 'Count 2 voters again');
  await page.getByText('Done. The ranking follows in a moment.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Stuffing' }).waitFor();
  await openPerson(page, username);
  await press(page, 'Set apart');
  await page.getByText('They are set apart: the ranking leaves them out.').waitFor();
  await press(page, 'Count them again');
  await page.getByText('They count.').waitFor();
  await takeScreenshots(page, `walk restored ${name}`);
  await back(page, 'People');
}

async function checkRecord({ page, name }: Walk): Promise<void> {
  await go(page, 'Activity');
  for (const text of ['Made an admin', 'Role of admin taken away', 'Topic handed over', 'Votes set apart'])
    await page.getByText(text).first().waitFor();
  await press(page, 'Check it now');
  await page.getByText('Checked.', { exact: true }).waitFor();
  await page.getByText(/^Whole: \d+ events in \d+ chains/).waitFor();
  await takeScreenshots(page, `walk record ${name}`);
}

async function inviteSomebody({ page, name, script }: Walk): Promise<void> {
  await chooseWhoMayRegister(page, 'By invitation');
  await go(page, 'People');
  await page.getByRole('link', { name: 'Invitations' }).click();
  await page.getByLabel('For whom, one a line').fill('Ada from the library');
  await press(page, 'Make invitations');
  await page.getByText('The invitations are ready.').waitFor();
  await takeScreenshots(page, `walk invited ${name}`);
  const link = (await page.getByLabel('People and links').inputValue()).trim().split('\t')[1] ?? '';

  const visitor = await openPage(script);
  await visitor.goto('/register');
  expect(await visitor.getByLabel('Password', { exact: true }).count()).toBe(0);
  await takeScreenshots(visitor, `walk by-invitation ${name}`);
  const username = `ada${admins}`;
  await visitor.goto(link.replace(site.config.publicOrigin, ''));
  await sendSignUp(visitor, username);
  await saveRecoveryCode(visitor);
  await page.reload();
  await page.getByText(`used by ${username}`).waitFor();
  await takeScreenshots(page, `walk invitation-used ${name}`);
  await back(page, 'People');
  await chooseWhoMayRegister(page, 'Anyone');
}

async function chooseWhoMayRegister(page: Page, choice: string): Promise<void> {
  await go(page, 'Settings');
  await page.getByRole('radio', { name: new RegExp(`^${choice}`) }).check();
  await press(page, 'Save');
  await page.getByText('Saved.').waitFor();
}
