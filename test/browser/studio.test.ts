import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { makeTopic } from '../organize/made-topic.js';
import { useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, saveRecoveryCode, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

const PHONE = { width: 375, height: 553 };
const modes = [
  { name: 'with a script', script: true },
  { name: 'without a script', script: false },
];

/** Opens the form of a new topic as somebody who had no account, on a phone. */
async function openForm(script: boolean): Promise<{ page: Page; complaints: string[] }> {
  const { page, complaints } = await chromium.open(site, { javaScriptEnabled: script, viewport: PHONE });
  await page.goto('/');
  await page.getByRole('link', { name: 'Make a topic' }).click();
  await page.locator('main').getByRole('link', { name: 'Sign up', exact: true }).click();
  await page.getByLabel('Name').fill(`organiser${Math.floor(Math.random() * 1e9)}`);
  await page.getByLabel('Password', { exact: true }).fill('a long enough phrase');
  await page.locator('main').getByRole('button', { name: 'Sign up' }).click();
  await saveRecoveryCode(page, '**/topics/new');
  return { page, complaints };
}

/** Expects a page that fits, and in which axe finds nothing. */
async function expectGood(page: Page, script: boolean): Promise<void> {
  await expectNoSidewaysScroll(page);
  // axe needs JavaScript.
  if (script) await expectNoViolations(page, page.url());
}

async function fillTexts(page: Page, title: string, question: string): Promise<void> {
  await page.getByLabel('Title').fill(title);
  await page.getByLabel('Question').fill(question);
}

/** Opens the topic for votes and casts the first vote. */
async function openAndVote(page: Page, script: boolean): Promise<void> {
  await page.waitForURL('**/manage');
  await expectGood(page, script);
  await page.getByRole('button', { name: 'Open for votes' }).click();
  await page.getByText('Open. Send the link to your voters.').waitFor();
  await page.locator('.studio').getByRole('link', { name: 'Vote', exact: true }).click();
  await page.waitForURL('**/vote');
  // The page refuses a press on a pair that nobody can have seen.
  await page.waitForTimeout(400);
  await page.locator('#choose-left').click();
  await page.getByText('you chose').first().waitFor({ state: 'attached' });
}

// Chromium reports the answer to a form that is shown again as an error, which is expected here.
const expectNoComplaints = (complaints: string[]): void =>
  expect(complaints.filter((text) => !text.includes('status of 422'))).toEqual([]);

const create = (page: Page) => page.getByRole('button', { name: 'Create topic' }).click();

/** Starts another site, whose page shows a page of this one in a frame. */
async function openSiteWithFrame(path: string): Promise<{ origin: string; server: Server }> {
  const html = `<iframe src="${site.origin}${path}" title="Ranking"></iframe>`;
  const server = createServer((_req, res) => res.setHeader('Content-Type', 'text/html').end(html));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { origin: `http://localhost:${(server.address() as AddressInfo).port}`, server };
}

it.each(modes)('makes a topic of ten pasted lines, up to the first vote: $name', async ({ name, script }) => {
  const started = performance.now();
  const { page, complaints } = await openForm(script);
  const opened = performance.now();
  await fillTexts(page, 'Lunch on Friday', 'Which one for all of us?');
  const lines = [
    'Ramen',
    'Sushi',
    'Pizza',
    'Burger',
    'Curry',
    'Salad',
    'Falafel',
    'Tacos',
    'Soup',
    'Noodles',
  ];
  await page.getByLabel('Things to vote on').fill(lines.join('\n'));
  if (script) await page.getByRole('heading', { name: 'Preview: 10 things ready' }).waitFor();
  else await page.getByRole('button', { name: 'Preview' }).click();
  expect(await page.locator('.rows li').count()).toBe(10);
  await expectGood(page, script);
  await create(page);
  await openAndVote(page, script);
  const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1);
  console.info(
    `${name}: ${seconds(opened)} s from the form to the first vote, ${seconds(started)} s with signing up`,
  );
  expectNoComplaints(complaints);
});

it.each(modes)('mends the mistakes of a CSV file in place: $name', async ({ script }) => {
  const { page, complaints } = await openForm(script);
  await fillTexts(page, 'Projects', 'Which project is better?');
  const csv =
    'name,link,team\nLeaf Counter,https://example.org/,Botanists\nNight Bus,nowhere,Owls\nleaf counter,,\n,,Ants\n';
  await page
    .getByLabel('Or choose a CSV file')
    .setInputFiles({ name: 'projects.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  if (!script) await create(page);
  await page.getByRole('heading', { name: 'Preview: 1 thing ready, 3 rows to mend' }).waitFor();
  await expectGood(page, script);
  if (script) await create(page);
  await page.getByText('3 rows need a look below').waitFor();
  expect(await page.getByLabel('Title').inputValue()).toBe('Projects');
  expect(await page.getByLabel('Things to vote on').inputValue()).toBe(csv);
  await page.getByLabel('link in row 3').fill('https://example.org/bus');
  await page.getByLabel('name in row 4').fill('Leaf Finder');
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByRole('heading', { name: 'Preview: 3 things ready, 1 row to mend' }).waitFor();
  await page.getByLabel('Leave out the row to mend').check();
  await create(page);
  await openAndVote(page, script);
  expectNoComplaints(complaints);
});

it.each(modes)('reads 25 essays of two pages side by side: $name', async ({ script }) => {
  const { page, complaints } = await openForm(script);
  await fillTexts(page, 'Our essays', 'Which essay argues better?');
  const essay = (number: number): string =>
    `Essay ${number},"# The case of essay ${number}\n\n${'It is **plain** that this sentence, of essay and proof, goes on. '.repeat(95)}\n\nEnd of essay ${number}."`;
  const csv = `name,text\n${Array.from({ length: 25 }, (_, index) => essay(index + 1)).join('\n')}\n`;
  await page
    .getByLabel('Or choose a CSV file')
    .setInputFiles({ name: 'essays.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
  if (script) await page.getByRole('heading', { name: 'Preview: 25 things ready' }).waitFor();
  await create(page);
  await openAndVote(page, script);
  await page.getByRole('link', { name: 'Read both texts' }).click();
  await page.waitForURL('**/vote?read');
  for (const [name, width, height] of [
    ['phone', 375, 553],
    ['desk', 1280, 800],
  ] as const) {
    await page.setViewportSize({ width, height });
    const [left, right] = await Promise.all(
      ['#text-left', '#text-right'].map((text) => page.locator(text).boundingBox()),
    );
    const isBeside = Math.abs((left?.y ?? 0) - (right?.y ?? 1)) < 2;
    expect([name, isBeside]).toEqual([name, width > 768]);
    await expectGood(page, script);
    // The answers stay at hand, at the beginning of the texts and at their end.
    for (const end of [false, true]) {
      await page.evaluate((end) => scrollTo(0, end ? document.body.scrollHeight : 0), end);
      const box = await page.locator('#choose-left').boundingBox();
      expect((box?.y ?? -1) >= 0 && (box?.y ?? height) + (box?.height ?? 0) <= height).toBe(true);
    }
  }
  const before = await page.locator('#name-left').textContent();
  await page.waitForTimeout(400);
  await page.locator('#choose-right').click();
  await page.waitForURL(/voted=.*&read$/);
  await page.getByText('you chose').first().waitFor({ state: 'attached' });
  expect(await page.locator('.texts article').count()).toBe(2);
  expect(await page.locator('#name-left').textContent()).not.toBe(before);
  expect(await page.evaluate(() => scrollY)).toBe(0);
  await page.getByRole('link', { name: 'Hide the texts' }).click();
  await page.waitForURL('**/vote');
  expectNoComplaints(complaints);
});

it('shows a ranking in the frame of a site that the organiser names, and in no other', async () => {
  const { manage, slug, browser } = await makeTopic(site);
  const path = `/topics/${slug}/embed`;
  const [friend, stranger] = [await openSiteWithFrame(path), await openSiteWithFrame(path)];
  await browser.post(`${manage}/open`).expect(303);
  const settings = { title: 'Lunch', question: 'Which?', access: 'link', goal: 'winner', results: 'always' };
  const form = { ...settings, zone: 'UTC', origins: friend.origin };
  await browser.post(`${manage}/settings`).type('form').send(form).expect(303);
  for (const { origin, server } of [friend, stranger]) {
    const { page, complaints } = await chromium.open(site);
    await page.goto(origin);
    const heading = page.frameLocator('iframe').getByRole('heading', { name: 'Lunch' });
    if (origin === friend.origin) await heading.waitFor();
    else await expect.poll(() => complaints.join()).toContain('frame-ancestors');
    expect(await heading.count()).toBe(origin === friend.origin ? 1 : 0);
    server.close();
  }
  const { page, complaints } = await chromium.open(site, {
    ...{ viewport: { width: 320, height: 480 }, reducedMotion: 'reduce' },
  });
  await page.goto(path);
  await expectGood(page, true);
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectGood(page, true);
  expectNoComplaints(complaints);
});

it('keeps what was typed when the page is left and opened again', async () => {
  const { page } = await openForm(true);
  await fillTexts(page, 'Half a topic', 'Which?');
  await page.getByLabel('Things to vote on').fill('Tea\nPie');
  await page.getByLabel('Public').check();
  await page.goto('/top');
  await page.goto('/topics/new');
  expect(await page.getByLabel('Title').inputValue()).toBe('Half a topic');
  await page.getByRole('heading', { name: 'Preview: 2 things ready' }).waitFor();
  expect(await page.getByLabel('Public').isChecked()).toBe(true);
  await create(page);
  await page.waitForURL('**/manage');
  await page.goto('/topics/new');
  expect(await page.getByLabel('Title').inputValue()).toBe('');
});
