import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { invited, type MadeTopic, makeTopic, setThings } from '../organize/topics.js';
import { member, useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();
const PHONE = { viewport: { width: 375, height: 553 }, hasTouch: true, isMobile: true };

/** Makes a topic in which voters walk past eight tables. */
async function makeWalk(): Promise<MadeTopic> {
  const topic = await makeTopic(site, { access: 'invited', things: 8, title: 'Hack day' });
  await site.db.updateTable('topics').set({ inPerson: true }).where('id', '=', topic.id).execute();
  const tables = Array.from({ length: 8 }, (_, index) => [index + 1, { location: String(index + 11) }]);
  await setThings(site, { ...topic, title: 'Hack day' }, Object.fromEntries(tables));
  return topic;
}

/** Logs in as a new judge of a topic, and opens the vote page. */
async function openAsJudge(topic: MadeTopic, options: Parameters<typeof chromium.open>[1] = {}) {
  const judge = await member(site);
  await invited(site, topic, { line: `Mina ${judge.id}, Blue`, browser: judge.browser });
  const { page, complaints } = await chromium.open(site, { ...PHONE, ...options });
  await page.goto(`/login?next=${topic.path}/vote`);
  await page.getByLabel('Name').fill(judge.username);
  await page.getByLabel('Password', { exact: true }).fill(judge.password);
  await page.locator('main').getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(`**${topic.path}/vote`);
  return { page, complaints, voterId: judge.id };
}

const pairOn = (page: Page): Promise<string[]> => page.locator('.choice .name').allTextContents();
const stopsOn = (page: Page): Promise<string[]> => page.locator('.stop').allTextContents();

/** Waits until the page shows another pair. */
async function nextPair(page: Page, before: string[]): Promise<string[]> {
  await expect.poll(() => pairOn(page)).not.toEqual(before);
  // A press counts only once people can have seen the pair.
  await page.waitForTimeout(400);
  return pairOn(page);
}

const votesOf = (voterId: number) =>
  site.db
    .selectFrom('votes')
    .where('voterId', '=', voterId)
    .where('withdrawnAt', 'is', null)
    .select('id')
    .execute();

it('leads a judge with a phone from table to table', async () => {
  const { page, complaints, voterId } = await openAsJudge(await makeWalk());
  await page.waitForTimeout(400);
  const first = await pairOn(page);
  expect(await stopsOn(page)).toHaveLength(2);
  await expectNoSidewaysScroll(page);
  await expectNoViolations(page, 'the first stop');
  // All that a judge needs is on the screen.
  const { bottom } = await page.locator('.answers').evaluate((element) => element.getBoundingClientRect());
  expect(bottom).toBeLessThanOrEqual(553);
  await page.locator('#choose-left').tap();
  const second = await nextPair(page, first);
  expect(second.filter((name) => first.includes(name))).toHaveLength(1);
  const [stop] = await stopsOn(page);
  const added = second.find((name) => !first.includes(name)) ?? '';
  expect(stop?.trim()).toBe(`Go to table ${Number(added.split(' ').at(-1)) + 10}: ${added}`);
  await expectNoViolations(page, 'the next stop');

  await page.getByRole('button', { name: 'They’re not here now' }).tap();
  const third = await nextPair(page, second);
  expect(third).not.toContain(added);
  expect(await page.locator('.receipt').textContent()).toContain(`${added} again in about ten minutes`);
  expect(await votesOf(voterId)).toHaveLength(1);
  expect(complaints).toEqual([]);
});

it('says the next stop to screen readers, and takes it by a key', async () => {
  const wide = { viewport: { width: 1280, height: 800 }, hasTouch: false, isMobile: false };
  const { page, voterId } = await openAsJudge(await makeWalk(), wide);
  await page.waitForTimeout(400);
  const first = await pairOn(page);
  await page.keyboard.press('ArrowLeft');
  const second = await nextPair(page, first);
  const added = second.find((name) => !first.includes(name)) ?? '';
  const said = page.locator('[aria-live]');
  await expect.poll(async () => (await said.allTextContents()).join(' ')).toContain(`Go to table`);
  await page.keyboard.press('n');
  const third = await nextPair(page, second);
  expect(third).not.toContain(added);
  expect(await votesOf(voterId)).toHaveLength(1);
  await page.keyboard.press('u');
  expect([...(await nextPair(page, third))].sort()).toEqual([...first].sort());
  expect(await votesOf(voterId)).toHaveLength(0);
});

it('walks without a script', async () => {
  const { page, voterId } = await openAsJudge(await makeWalk(), { javaScriptEnabled: false });
  const first = await pairOn(page);
  await page.locator('#away-left').tap();
  await page.waitForURL(/[?]away=/);
  const second = await pairOn(page);
  expect(second).toContain(first[1]);
  expect(second).not.toContain(first[0]);
  await page.waitForTimeout(500);
  await page.locator('#choose-right').tap();
  await page.waitForURL(/[?]voted=/);
  expect(await stopsOn(page)).toHaveLength(1);
  expect(await votesOf(voterId)).toHaveLength(1);
});
