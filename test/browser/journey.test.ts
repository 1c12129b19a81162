import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { seed } from '../../src/catalog/seed.js';
import { root } from '../../src/config.js';
import { useSite } from '../site.js';
import { expectFocusSeen, expectNoSidewaysScroll, pressByKeyboard, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();
const pictures = join(root, 'test/browser/screenshots');

beforeAll(async () => {
  mkdirSync(pictures, { recursive: true });
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

it.each(looks)('goes from the front page to logging out: $name', async (look) => {
  const { page, complaints } = await chromium.open(site, {
    viewport: { width: look.width, height: look.height },
    javaScriptEnabled: look.script,
    colorScheme: look.scheme,
  });
  const username = look.name.replaceAll(' ', '-').slice(0, 30);
  const shoot = async (step: string): Promise<void> => {
    await expectNoSidewaysScroll(page);
    await page.screenshot({ path: join(pictures, `${username}-${step}.png`), fullPage: true });
  };

  await page.goto('/');
  await shoot('1-index');
  await page.getByRole('banner').getByRole('link', { name: 'Register' }).click();
  await shoot('2-register');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.locator('form.stack').evaluate((form: HTMLFormElement) => {
    form.noValidate = true;
  });
  await page.getByRole('button', { name: 'Register' }).click();
  await shoot('3-register-refused');
  expect(await page.locator('#password-error').textContent()).toContain('at least 8');
  expect(await page.getByLabel('Name').inputValue()).toBe(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL('**/vote');
  await shoot('4-vote');

  let loads = 0;
  page.on('load', () => loads++);
  const first = await pairOn(page);
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText(`you chose ${first[0]} over ${first[1]}`).waitFor();
  const second = await pairOn(page);
  expect(second.join()).not.toBe(first.join());
  expect(new URL(page.url()).searchParams.has('voted')).toBe(true);
  expect(await page.title()).toBe('Which would you rather eat? · Thinga');
  await shoot('5-voted');
  if (look.script) {
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('choose-left');
    expect(await page.locator('#spoken').textContent()).toContain(`Next: ${second[0]} or ${second[1]}`);
  }

  await lookAt(page);
  await page.locator('#undo').click();
  await page.locator('.receipt').getByText('Taken back').waitFor();
  expect(await pairOn(page)).toEqual(first);
  if (look.script) expect(await page.evaluate(() => document.activeElement?.id)).toBe('choose-left');
  await lookAt(page);
  await page.locator('#choose-right').click();
  await page.locator('.receipt').getByText(`you chose ${first[1]} over ${first[0]}`).waitFor();
  expect(loads).toBe(look.script ? 0 : 3);
  for (const choice of ['tie', 'skip', 'left', 'left', 'right']) {
    await lookAt(page);
    const before = await pairOn(page);
    await page.locator(`#choose-${choice}`).click();
    await expect.poll(() => pairOn(page)).not.toEqual(before);
  }
  await page.reload();
  await site.rank();

  await page.getByRole('link', { name: 'Top 20', exact: true }).click();
  expect(await page.locator('.board tbody tr').count()).toBe(20);
  await shoot('6-top');
  await page.locator('.board a').first().click();
  await shoot('7-thing');
  await page.getByRole('link', { name: 'Topics', exact: true }).click();
  expect(await page.locator('.topics > li').count()).toBe(5);
  await shoot('8-topics');
  await page.getByRole('link', { name: 'Vote in Animals' }).click();
  await shoot('9-animals');
  await page.getByRole('link', { name: username }).click();
  expect(await page.locator('.entries li').count()).toBe(6);
  await shoot('10-profile');
  await page.getByRole('link', { name: 'Where you are logged in' }).click();
  await shoot('10b-devices');
  await page.goto('/profile/password');
  await shoot('10c-password');
  await page.goto('/profile/close');
  await shoot('10d-close');
  await page.getByRole('banner').getByRole('button', { name: 'Log out' }).click();
  await page.getByText('You are logged out.').waitFor();
  await page.goBack();
  expect(await page.getByText(username).count()).toBe(0);
  await page.goto('/profile');
  expect(new URL(page.url()).pathname).toBe('/login');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a wrong one entirely');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('do not belong together').waitFor();
  await shoot('11-login-refused');
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL('**/profile');
  await page.getByRole('banner').getByRole('button', { name: 'Log out' }).click();
  await page.goto('/nowhere');
  await shoot('12-nowhere');

  // Chromium notes every 404 and 422 of a page as an error of its own; those are meant.
  expect(complaints.filter((text) => !/status of (404|422)/.test(text))).toEqual([]);
});

it('keeps the pair when no answer comes, and counts the vote once when it is sent again', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'in-a-tunnel');
  const before = await pairOn(page);
  await page.context().setOffline(true);
  await page.locator('#choose-left').click();
  await page.locator('#notice').getByText('No answer came').waitFor();
  expect(await pairOn(page)).toEqual(before);
  await page.context().setOffline(false);
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText(`you chose ${before[0]}`).waitFor();
  expect(await page.locator('#notice').textContent()).toBe('');
});

it('takes the browser’s Back to the page before, whole', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'back-again');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await page.getByRole('link', { name: 'Top 20', exact: true }).click();
  await page.waitForURL('**/top');
  await page.goBack();
  await page.locator('#choose-left').waitFor();
  expect(await page.getByRole('banner').count()).toBe(1);
  expect(await page.locator('#pair').count()).toBe(1);
});

it('goes from registering to logging out by keyboard alone, and shows where the focus is', async () => {
  const { page, complaints } = await chromium.open(site);
  await page.goto('/register');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toBe('Skip to the content');
  await expectFocusSeen(page);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type('keys-only');
  await page.keyboard.press('Tab');
  await page.keyboard.type('a long enough phrase');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/vote');

  await pressByKeyboard(page, '#choose-right');
  await page.locator('.receipt').getByText('you chose').waitFor();
  for (let vote = 0; vote < 2; vote++) {
    await lookAt(page);
    const before = await pairOn(page);
    await page.keyboard.press('Enter');
    await page.locator('.receipt').getByText(`you chose ${before[1]} over ${before[0]}`).waitFor();
    expect(await focused(page)).toContain(`Choose ${(await pairOn(page))[1]}`);
    await expectFocusSeen(page);
  }
  await lookAt(page);
  await pressByKeyboard(page, '#undo');
  await page.locator('.receipt').getByText('Taken back').waitFor();
  expect(await focused(page)).toContain(`Choose ${(await pairOn(page))[0]}`);
  await expectFocusSeen(page);
  for (const [key, said] of Object.entries({ ArrowLeft: 'Counted: ', u: 'Taken back: ' })) {
    await lookAt(page);
    await page.keyboard.press(key);
    await page.locator('.receipt').getByText(said).waitFor();
    await expect.poll(() => focused(page)).toBe('Which would you rather eat?');
  }

  await pressByKeyboard(page, 'nav a[href="/top"]');
  await page.waitForURL('**/top');
  await pressByKeyboard(page, 'a[href="/profile"]');
  await page.waitForURL('**/profile');
  await pressByKeyboard(page, '[action="/logout"] button');
  await page.getByText('You are logged out.').waitFor();
  expect(complaints).toEqual([]);
});

it('answers by single keys, until they are switched off', async () => {
  const { page } = await chromium.open(site);
  await register(page, 'single-keys');
  const receipt = page.locator('.receipt p');
  const press = async (key: string, said: (pair: string[]) => string): Promise<void> => {
    await lookAt(page);
    const pair = await pairOn(page);
    await page.keyboard.press(key);
    await receipt.getByText(said(pair)).waitFor();
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
  await lookAt(page);
  expect(await pairOn(page)).toEqual(before);
  expect(await page.getByRole('dialog').count()).toBe(0);
});

it.each([true, false])(
  'lets a visitor vote, and counts it once they register (JavaScript: %s)',
  async (script) => {
    const { page, complaints } = await chromium.open(site, { javaScriptEnabled: script });
    await page.goto('/vote');
    for (let vote = 1; vote <= 3; vote++) {
      await lookAt(page);
      await page.locator('#choose-left').click();
      await page
        .locator('.progress')
        .getByText(`${vote} vote${vote === 1 ? '' : 's'} kept for you`)
        .waitFor();
    }
    await page.locator('.progress').getByRole('link', { name: 'Register' }).click();
    await page.getByLabel('Name').fill(`was-a-visitor-${script}`);
    await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('the votes you cast before count now').waitFor();
    await page.getByText('3 votes today').waitFor();
    expect(complaints).toEqual([]);
  },
);

it('takes a double tap on the front page for one vote, says it, and goes on at the pair', async () => {
  const { page } = await chromium.open(site);
  // The second tap falls on the pair page as soon as that is there.
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () =>
      document.querySelector<HTMLButtonElement>('#choose-tie')?.click(),
    );
  });
  await page.goto('/');
  await page.locator('.taste .choice').first().click();
  await page.locator('.progress').getByText('1 vote kept for you').waitFor();
  await expect.poll(() => page.locator('#spoken').textContent()).toContain('Kept for you');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('question');
  await page.reload();
  await page.locator('.progress').getByText('1 vote kept for you').waitFor();
});

it('takes a double click, or a key held down, for one vote', async () => {
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
  // The second click comes as the next pair does, however slow the machine.
  await page.evaluate(() => {
    const again = (): void => document.querySelector<HTMLButtonElement>('#choose-left')?.click();
    document.addEventListener('htmx:after:swap', again, { once: true });
  });
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await lookAt(page);
  expect(await votes()).toBe(1);
  await page.locator('#choose-right').focus();
  for (let repeat = 0; repeat < 6; repeat++) {
    await page.keyboard.down('Enter');
    await page.waitForTimeout(120);
  }
  await page.keyboard.up('Enter');
  await lookAt(page);
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
  await page.goto('/topics/odd/top');
  await page.locator('.board a').first().click();
  await expectNoSidewaysScroll(page);
});

/** As long as a person looks at a pair at the least before they choose. */
async function lookAt(page: Page): Promise<void> {
  await page.waitForTimeout(400);
}

async function register(page: Page, username: string): Promise<void> {
  await page.goto('/register');
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.getByRole('button', { name: 'Register' }).click();
  await page.waitForURL('**/vote');
}

/** What is read out of what has the focus. */
async function focused(page: Page): Promise<string | undefined> {
  return page.evaluate(() => document.activeElement?.textContent?.replace(/\s+/g, ' ').trim());
}

async function pairOn(page: Page): Promise<string[]> {
  return page.locator('.choice .name').allTextContents();
}

it.each(['visitor', 'member'])('has the pictures of the next pair before it is shown: %s', async (who) => {
  const { page } = await chromium.open(site);
  if (who === 'member') {
    await page.goto('/register');
    await page.getByLabel('Name').fill('quick-eyes');
    await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
    await page.getByRole('button', { name: 'Register' }).click();
  }
  await page.goto('/vote');
  await page.evaluate(() => {
    document.addEventListener('htmx:after:swap', () => {
      const pictures = [...document.querySelectorAll<HTMLImageElement>('#pair img')];
      const ready = pictures.filter(({ complete, naturalWidth }) => complete && naturalWidth > 0).length;
      document.body.dataset.ready = `${document.body.dataset.ready ?? ''}${ready}`;
    });
  });
  for (let votes = 1; votes <= 6; votes++) {
    await lookAt(page);
    await page.waitForLoadState('networkidle');
    await page.locator('#choose-right').click();
    await page.waitForFunction((many) => document.body.dataset.ready?.length === many, votes);
  }
  expect(await page.locator('body').getAttribute('data-ready')).toBe('222222');
});
