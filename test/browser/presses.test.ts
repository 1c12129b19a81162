import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { member, thingNames, topic, useSite } from '../site.js';
import { useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await topic(site, { names: thingNames(40) });
  const names = ['Tea,The drink', 'Coffee,The other one', 'Water,Clear'];
  await importThings(site.db, Readable.from([`name,description\n${names.join('\n')}\n`]), { slug: 'drinks' });
  await site.boards.refresh();
});

/** Opens the pair page as a new member. */
async function openPair(path = '/vote'): Promise<{ page: Page; id: number }> {
  const { username, password, id } = await member(site);
  const { page } = await chromium.open(site);
  await page.goto(`/login?next=${path}`);
  await page.getByLabel('Name').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.locator('main').getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`**${path}`);
  return { page, id };
}

/** The votes of a member, each as "chosen over other". */
async function votesOf(voterId: number): Promise<string[]> {
  const votes = await site.db
    .selectFrom('votes')
    .innerJoin('things as l', 'l.id', 'leftId')
    .innerJoin('things as r', 'r.id', 'rightId')
    .where('voterId', '=', voterId)
    .select(['l.name as left', 'r.name as right', 'outcome'])
    .orderBy('votes.id')
    .execute();
  return votes.map(({ left, right, outcome }) =>
    outcome === 'left' ? `${left} over ${right}` : `${right} over ${left}`,
  );
}

/** Holds back the answers to votes until the returned function is called. */
async function holdVotes(page: Page): Promise<() => void> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/vote', async (route) => {
    if (route.request().method() === 'POST') await released;
    await route.continue();
  });
  return release;
}

it('counts each of ten quick presses of a key for the pair on the screen, or says that it didn’t', async () => {
  const { page, id } = await openPair();
  // What people see and hear: the pair at each press, and each message about a press that didn’t count.
  await page.evaluate(() => {
    const seen: string[] = [];
    const signs: string[] = [];
    Object.assign(globalThis, { seen, signs });
    document.addEventListener(
      'keydown',
      () => {
        const [left, right] = [...document.querySelectorAll('.choice .name')].map((name) => name.textContent);
        seen.push(`${right} over ${left}`);
      },
      true,
    );
    document.addEventListener('keydown', () => {
      const sign = document.getElementById('missed');
      const text = sign?.checkVisibility() ? String(sign.textContent) : '';
      if (text !== signs.at(-1)) signs.push(text);
    });
  });
  for (let press = 0; press < 10; press++) {
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(200);
  }
  await expect.poll(() => page.locator('.pressed').count()).toBe(0);
  const { seen, signs } = await page.evaluate(() => {
    const { seen, signs } = globalThis as unknown as Record<'seen' | 'signs', string[]>;
    return { seen, signs };
  });
  const votes = await votesOf(id);
  expect(votes.length + signs.filter((text) => text !== '').length).toBe(10);
  expect(votes.length).toBeGreaterThan(0);
  for (const vote of votes) expect(seen).toContain(vote);
});

it('marks a press at once, and refuses another one with a message until the answer is here', async () => {
  const { page, id } = await openPair();
  const release = await holdVotes(page);
  const [left, right] = await page.locator('.choice .name').allTextContents();
  await page.locator('#choose-left').click();
  expect(await page.locator('#choose-left').getAttribute('class')).toContain('pressed');
  for (const other of ['#choose-right', '#unknown-left', '#choose-tie', '#choose-skip'])
    expect(await page.locator(other).getAttribute('aria-disabled')).toBe('true');
  await page.keyboard.press('ArrowRight');
  await page.getByText('Still sending. That press didn’t count.').first().waitFor();
  await expect.poll(() => page.locator('#spoken').textContent()).toContain('That press didn’t count.');
  await page.locator('#choose-tie').click({ force: true });
  await page.locator('#missed').getByText('2 presses didn’t count.').waitFor();
  release();
  await expect.poll(() => page.locator('[aria-disabled]').count()).toBe(0);
  expect(await votesOf(id)).toEqual([`${left} over ${right}`]);
});

it('takes a double click as one vote, and says so', async () => {
  const { page, id } = await openPair();
  await page.locator('#choose-left').dblclick();
  await page.locator('#missed').getByText('That press didn’t count.').waitFor();
  await expect.poll(() => votesOf(id)).toHaveLength(1);
  await page.waitForTimeout(500);
  await page.locator('#choose-left').click();
  await expect.poll(() => votesOf(id)).toHaveLength(2);
});

it('keeps the pair when the connection is lost, and sends the same press again', async () => {
  const { page, id } = await openPair('/topics/drinks/vote');
  const [left, right] = await page.locator('.choice .name').allTextContents();
  await page.context().setOffline(true);
  await page.locator('#choose-right').click();
  const retry = page.locator('.receipt').getByRole('button', { name: 'Try again' });
  await retry.waitFor();
  expect(await page.locator('.choice .name').allTextContents()).toEqual([left, right]);
  expect(await page.locator('[aria-disabled]').count()).toBe(0);
  await page.context().setOffline(false);
  await retry.click();
  await expect.poll(() => votesOf(id)).toEqual([`${right} over ${left}`]);
  await page.locator('.receipt').getByText(`you chose ${right} over ${left}`).waitFor();
});

it('does not move anything when the first result comes', async () => {
  const { page } = await openPair('/topics/drinks/vote');
  const places = () =>
    page
      .locator('#pair h1, .duel, .answers, .receipt')
      .evaluateAll((parts) => parts.map((part) => JSON.stringify(part.getBoundingClientRect())));
  for (const viewport of [
    { width: 375, height: 553 },
    { width: 390, height: 844 },
    { width: 1280, height: 800 },
  ]) {
    await page.setViewportSize(viewport);
    const before = await places();
    await page.waitForTimeout(400);
    await page.locator('#choose-left').click();
    await page.locator('#undo').waitFor();
    expect(await places()).toEqual(before);
    await page.waitForTimeout(400);
    await page.locator('#undo').click();
    await page.locator('.receipt').getByText('Taken back').waitFor();
  }
});

it('shows a visitor a pair within the first 300 pixels of the front page, and counts one press on it', async () => {
  const { page } = await chromium.open(site, { viewport: { width: 390, height: 844 } });
  await page.goto('/');
  for (const card of await page.locator('.side').all()) {
    const box = await card.boundingBox();
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(300);
  }
  await page.locator('#choose-right').click();
  await page.locator('.receipt').getByText('Saved: you chose').waitFor();
  // The next visit goes on from there.
  const next = await page.locator('.choice .name').allTextContents();
  await page.goto('/');
  expect(await page.locator('.choice .name').allTextContents()).toEqual(next);
});

it.each([
  { width: 320, height: 640 },
  { width: 375, height: 553 },
  { width: 390, height: 844 },
  { width: 1280, height: 800 },
])('shows question, pair, answers and undo without scrolling: $width × $height', async (viewport) => {
  const { page } = await openPair();
  await page.setViewportSize(viewport);
  await page.goto('/vote');
  await page.waitForTimeout(400);
  await page.locator('#choose-left').click();
  await page.locator('#undo').waitFor();
  const end = await page.evaluate(() => {
    const bar = document.querySelector('.tabs')?.getBoundingClientRect();
    return bar && bar.top > 100 ? bar.top : innerHeight;
  });
  for (const part of ['#question', '#choose-left', '#choose-right', '#choose-skip', '#undo']) {
    const box = await page.locator(part).boundingBox();
    expect(box?.y ?? -1, part).toBeGreaterThanOrEqual(0);
    expect((box?.y ?? 0) + (box?.height ?? 0), part).toBeLessThanOrEqual(end);
  }
});
