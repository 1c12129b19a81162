import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { seed } from '../../src/catalog/seed.js';
import { root } from '../../src/config.js';
import { useSite } from '../site.js';
import {
  expectFocusVisible,
  expectNoSidewaysScroll,
  pressByKeyboard,
  saveRecoveryCode,
  useChromium,
} from './chromium.js';

const site = useSite();
const chromium = useChromium();
const screenshots = join(root, 'test/browser/screenshots');

beforeAll(async () => {
  mkdirSync(screenshots, { recursive: true });
  await seed(site.db);
  await site.boards.refresh();
});

const looks = [
  { name: 'desktop with JavaScript', script: true, width: 1280, height: 900, scheme: 'light' },
  { name: 'desktop without JavaScript', script: false, width: 1280, height: 900, scheme: 'dark' },
  { name: 'phone with JavaScript', script: true, width: 390, height: 844, scheme: 'dark' },
  { name: 'phone without JavaScript', script: false, width: 390, height: 844, scheme: 'light' },
  { name: 'small phone with JavaScript', script: true, width: 320, height: 640, scheme: 'light' },
] as const;

it.each(looks)('works from the front page to the log-out: $name', async (look) => {
  const { page, complaints } = await chromium.open(site, {
    viewport: { width: look.width, height: look.height },
    javaScriptEnabled: look.script,
    colorScheme: look.scheme,
  });
  const username = look.name.replaceAll(' ', '-').slice(0, 30);
  const takeScreenshot = async (step: string): Promise<void> => {
    await expectNoSidewaysScroll(page);
    await page.screenshot({ path: join(screenshots, `${username}-${step}.png`), fullPage: true });
  };

  await page.goto('/');
  await takeScreenshot('1-index');
  await page.getByRole('banner').getByRole('link', { name: 'Sign up' }).click();
  await takeScreenshot('2-register');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.locator('form.stack').evaluate((form: HTMLFormElement) => {
    form.noValidate = true;
  });
  await page.getByRole('button', { name: 'Sign up' }).click();
  await takeScreenshot('3-register-refused');
  expect(await page.locator('#password-error').textContent()).toContain('at least 8');
  expect(await page.getByLabel('Name').inputValue()).toBe(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByText('this code lets you back in').waitFor();
  await takeScreenshot('3b-recovery-code');
  await saveRecoveryCode(page);
  await takeScreenshot('4-vote');

  let loads = 0;
  page.on('load', () => loads++);
  const first = await pairOn(page);
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText(`you chose ${first[0]} over ${first[1]}`).waitFor();
  const second = await pairOn(page);
  expect(second.join()).not.toBe(first.join());
  expect(new URL(page.url()).searchParams.has('voted')).toBe(true);
  expect(await page.title()).toBe('Which would you rather eat? · Thinga');
  await takeScreenshot('5-voted');
  if (look.script) {
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('choose-left');
    await expect
      .poll(() => page.locator('#spoken').textContent())
      .toContain(`Next: ${second[0]} or ${second[1]}`);
  }

  await waitUntilClickable(page);
  await page.locator('#undo').click();
  await page.locator('.receipt').getByText('Taken back').waitFor();
  expect(await pairOn(page)).toEqual(first);
  if (look.script) expect(await page.evaluate(() => document.activeElement?.id)).toBe('choose-left');
  await waitUntilClickable(page);
  await page.locator('#choose-right').click();
  await page.locator('.receipt').getByText(`you chose ${first[1]} over ${first[0]}`).waitFor();
  expect(loads).toBe(look.script ? 0 : 3);
  for (const choice of ['tie', 'skip', 'left', 'left', 'right']) {
    await waitUntilClickable(page);
    const before = await pairOn(page);
    await page.locator(`#choose-${choice}`).click();
    await expect.poll(() => pairOn(page)).not.toEqual(before);
  }
  await page.reload();
  await site.rank();

  await page.getByRole('link', { name: 'Ranking', exact: true }).click();
  expect(await page.locator('.board tbody tr').count()).toBe(20);
  await takeScreenshot('6-top');
  await page.locator('.board a').first().click();
  await takeScreenshot('7-thing');
  await page.getByRole('link', { name: 'Topics', exact: true }).click();
  expect(await page.locator('.topics > li').count()).toBe(5);
  await takeScreenshot('8-topics');
  await page.getByRole('link', { name: 'Vote in Animals' }).click();
  await takeScreenshot('9-animals');
  await page.getByRole('link', { name: username }).click();
  expect(await page.locator('.entries li').count()).toBe(6);
  await takeScreenshot('10-profile');
  await page.getByRole('link', { name: 'Where you are logged in' }).click();
  await takeScreenshot('10b-devices');
  await page.goto('/profile/password');
  await takeScreenshot('10c-password');
  await page.goto('/profile/close');
  await takeScreenshot('10d-close');
  await page.goto('/profile');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByText('You are logged out.').waitFor();
  await page.goBack();
  expect(await page.getByText(username).count()).toBe(0);
  await page.goto('/profile');
  expect(new URL(page.url()).pathname).toBe('/login');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a wrong one entirely');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('Wrong name or password').waitFor();
  await takeScreenshot('11-login-refused');
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL('**/profile');
  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByText('You are logged out.').waitFor();
  await page.goto('/nowhere');
  await takeScreenshot('12-nowhere');

  // Chromium reports 404 and 422 answers as errors, which are expected here.
  expect(complaints.filter((text) => !/status of (404|422)/.test(text))).toEqual([]);
});

it('sends a vote by itself that was cast without a connection, once there is one', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'in-a-lift');
  const before = await pairOn(page);
  await page.context().setOffline(true);
  await page.locator('#choose-right').click();
  await page.locator('#notice').getByText('not saved yet').waitFor();
  // It tries meanwhile, and the message stays as it is.
  await page.waitForTimeout(3500);
  await page.locator('#notice').getByText('not saved yet').waitFor();
  expect(await pairOn(page)).toEqual(before);
  await page.context().setOffline(false);
  await page.locator('.receipt').getByText(`you chose ${before[1]}`).waitFor();
  expect(await page.locator('#notice').textContent()).toBe('');
  expect(
    await site.db
      .selectFrom('votes')
      .innerJoin('users', 'users.id', 'voterId')
      .where('username', '=', 'in-a-lift')
      .select('votes.id')
      .execute(),
  ).toHaveLength(1);
});

it('keeps the pair when the connection is lost, and counts the resent vote once', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'in-a-tunnel');
  const before = await pairOn(page);
  await page.context().setOffline(true);
  await page.locator('#choose-left').click();
  await page.locator('#notice').getByText('Couldn’t connect').waitFor();
  expect(await pairOn(page)).toEqual(before);
  await page.context().setOffline(false);
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText(`you chose ${before[0]}`).waitFor();
  expect(await page.locator('#notice').textContent()).toBe('');
});

it('shows the whole page after the browser’s Back button', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'back-again');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await page.getByRole('link', { name: 'Ranking', exact: true }).click();
  await page.waitForURL('**/top');
  await page.goBack();
  await page.locator('#choose-left').waitFor();
  expect(await page.getByRole('banner').count()).toBe(1);
  expect(await page.locator('#pair').count()).toBe(1);
});

it('works from registering to the log-out by keyboard alone, with a visible focus', async () => {
  const { page, complaints } = await chromium.open(site);
  await page.goto('/register');
  await page.keyboard.press('Tab');
  expect(await focusedText(page)).toBe('Skip to the content');
  await expectFocusVisible(page);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('keys-only');
  await page.keyboard.press('Tab');
  await page.keyboard.type('a long enough phrase');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/profile/recovery-code**');
  await pressByKeyboard(page, '.recovery form button');
  await page.waitForURL('**/vote');

  await pressByKeyboard(page, '#choose-right');
  await page.locator('.receipt').getByText('you chose').waitFor();
  for (let vote = 0; vote < 2; vote++) {
    await waitUntilClickable(page);
    const before = await pairOn(page);
    await page.keyboard.press('Enter');
    await page.locator('.receipt').getByText(`you chose ${before[1]} over ${before[0]}`).waitFor();
    expect(await focusedText(page)).toContain(`Choose ${(await pairOn(page))[1]}`);
    await expectFocusVisible(page);
  }
  await waitUntilClickable(page);
  await pressByKeyboard(page, '#undo');
  await page.locator('.receipt').getByText('Taken back').waitFor();
  expect(await focusedText(page)).toContain(`Choose ${(await pairOn(page))[0]}`);
  await expectFocusVisible(page);
  for (const [key, text] of Object.entries({ ArrowLeft: 'Counted: ', u: 'Taken back: ' })) {
    await waitUntilClickable(page);
    await page.keyboard.press(key);
    await page.locator('.receipt').getByText(text).waitFor();
    await expect.poll(() => focusedText(page)).toBe('Which would you rather eat?');
  }

  await pressByKeyboard(page, 'nav a[href="/top"]');
  await page.waitForURL('**/top');
  await pressByKeyboard(page, 'a[href="/profile"]');
  await page.waitForURL('**/profile');
  await pressByKeyboard(page, '[action="/logout"] button');
  await page.getByText('You are logged out.').waitFor();
  expect(complaints).toEqual([]);
});

it('answers single keys until they are switched off', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'single-keys');
  const receipt = page.locator('.receipt');
  const press = async (key: string, expectedText: (pair: string[]) => string): Promise<void> => {
    await waitUntilClickable(page);
    const pair = await pairOn(page);
    await page.keyboard.press(key);
    await receipt.getByText(expectedText(pair)).waitFor();
  };
  await press('1', ([left, right]) => `you chose ${left} over ${right}`);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('question');
  await press('ArrowRight', ([left, right]) => `you chose ${right} over ${left}`);
  await press('ArrowDown', ([left, right]) => `${left} and ${right} are about the same`);
  await press(' ', ([left, right]) => `you skipped ${left} and ${right}`);
  await press('s', ([left, right]) => `you skipped ${left} and ${right}`);
  await press('u', () => 'Taken back');
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Choose the left one').waitFor();
  await page.getByLabel('Use these keys on this device').uncheck();
  await page.keyboard.press('Escape');
  const before = await pairOn(page);
  for (const key of ['1', 's', '?']) await page.keyboard.press(key);
  await page.reload();
  await page.keyboard.press('2');
  await waitUntilClickable(page);
  expect(await pairOn(page)).toEqual(before);
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it.each([true, false])(
  'lets a visitor vote, and counts the votes when they register (JavaScript: %s)',
  async (script) => {
    const { page, complaints } = await chromium.open(site, { javaScriptEnabled: script });
    await page.goto('/vote');
    for (let vote = 1; vote <= 3; vote++) {
      await waitUntilClickable(page);
      await page.locator('#choose-left').click();
      await page
        .locator('.progress')
        .getByText(`${vote} vote${vote === 1 ? '' : 's'} saved`)
        .waitFor();
    }
    await page.locator('.progress').getByRole('link', { name: 'Sign up' }).click();
    await page.getByLabel('Name').fill(`was-a-visitor-${script}`);
    await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.getByText('your guest votes now count').waitFor();
    await saveRecoveryCode(page);
    await page.getByText('3 votes today').waitFor();
    expect(complaints).toEqual([]);
  },
);

it('takes a double tap on the front page as one vote, announces it, and moves the focus to the pair', async () => {
  const { page } = await chromium.open(site);
  // The second tap hits the pair page as soon as it is there.
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () =>
      document.querySelector<HTMLButtonElement>('#choose-tie')?.click(),
    );
  });
  await page.goto('/');
  await page.locator('.duel .choice').first().click();
  await page.locator('.progress').getByText('1 vote saved').waitFor();
  await expect.poll(() => page.locator('#spoken').textContent()).toContain('Saved: ');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('question');
  await page.reload();
  await page.locator('.progress').getByText('1 vote saved').waitFor();
});

it('takes a double click or a held key as one vote', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'twitchy');
  const votes = async (): Promise<number> => {
    const { count } = await site.db
      .selectFrom('votes')
      .innerJoin('users', 'users.id', 'votes.voterId')
      .where('username', '=', 'twitchy')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    return count;
  };
  // The second click comes together with the next pair, however slow the machine is.
  await page.evaluate(() => {
    const clickAgain = (): void => document.querySelector<HTMLButtonElement>('#choose-left')?.click();
    document.addEventListener('htmx:after:swap', clickAgain, { once: true });
  });
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await waitUntilClickable(page);
  expect(await votes()).toBe(1);
  await page.locator('#choose-right').focus();
  for (let repeat = 0; repeat < 6; repeat++) {
    await page.keyboard.down('Enter');
    await page.waitForTimeout(120);
  }
  await page.keyboard.up('Enter');
  await waitUntilClickable(page);
  expect(await votes()).toBe(2);
});

it('has room for long names and large text', async () => {
  await importThings(
    site.db,
    Readable.from([
      `name\n${'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellsch'}\nPi\n`,
    ]),
    { slug: 'odd' },
  );
  await site.boards.refresh();
  const { page } = await chromium.open(site, { viewport: { width: 320, height: 640 } });
  await register(page, 'abcdefghijklmnopqrstuvwxyz1234');
  for (const path of [
    '/topics/odd/vote',
    '/topics/odd/top',
    '/profile',
    '/profile/sessions',
    '/profile/password',
  ]) {
    await page.goto(path);
    await expectNoSidewaysScroll(page);
  }
  await page.goto('/topics/odd/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await expectNoSidewaysScroll(page);
  await site.rank();
  await page.goto('/topics/odd/top');
  await expectNoSidewaysScroll(page);
  await page.locator('.board a').first().click();
  await expectNoSidewaysScroll(page);
});

it.each(['visitor', 'member'])('loads the pictures of the next pair in advance: %s', async (role) => {
  const { page } = await chromium.open(site);
  if (role === 'member') await register(page, 'quick-eyes');
  await page.goto('/vote');
  await page.evaluate(() => {
    document.addEventListener('htmx:after:swap', () => {
      const pictures = [...document.querySelectorAll<HTMLImageElement>('#pair img')];
      const ready = pictures.filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length;
      document.body.dataset.ready = `${document.body.dataset.ready ?? ''}${ready}`;
    });
  });
  for (let votes = 1; votes <= 6; votes++) {
    await waitUntilClickable(page);
    await page.waitForLoadState('networkidle');
    await page.locator('#choose-right').click();
    await page.waitForFunction((count) => document.body.dataset.ready?.length === count, votes);
  }
  expect(await page.locator('body').getAttribute('data-ready')).toBe('222222');
});

/** The page ignores clicks right after a new pair appears. */
async function waitUntilClickable(page: Page): Promise<void> {
  await page.waitForTimeout(400);
}

async function register(page: Page, username: string): Promise<void> {
  await page.goto('/register');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await saveRecoveryCode(page);
}

/** Returns the text of the focused element. */
async function focusedText(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.textContent?.replace(/\s+/g, ' ').trim());
}

async function pairOn(page: Page): Promise<string[]> {
  return page.locator('.choice .name').allTextContents();
}
