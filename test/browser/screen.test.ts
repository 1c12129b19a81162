import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { type MadeTopic, makeTopic } from '../organize/topics.js';
import { importVotesOf, useSite } from '../site.js';
import { expectNoSidewaysScroll, expectNoViolations, pressByKeyboard, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

/** A letter that people read from ten metres away. */
const MIN_TEXT_PX = 32;
const THINGS = 12;

/** Opens the screen of a topic with a ranking and a code, at the size of a projector. */
async function openScreen(): Promise<{ topic: MadeTopic; page: Page; complaints: string[] }> {
  const topic = await makeTopic(site, { things: THINGS, title: 'A project with a name' });
  const names = (numbers: number[]) => numbers.map((number) => `A project with a name Thing ${number}`);
  for (let number = 1; number < THINGS; number++)
    await importVotesOf(site, 4, { slug: topic.slug, names: names([number, number + 1]) });
  await topic.owner.browser.post(`${topic.path}/manage/code`).expect(303);
  await site.rank();
  const viewport = { width: 1920, height: 1080 };
  const { page, complaints } = await chromium.open(site, { viewport, reducedMotion: 'reduce' });
  await page.goto(`${topic.path}/screen`);
  await page.getByRole('button', { name: 'Pause updates' }).waitFor();
  return { topic, page, complaints };
}

/** Does something as an organiser, and shows it to all. */
async function act({ owner, path }: MadeTopic, what: string): Promise<void> {
  await owner.browser.post(`${path}/manage/${what}`).expect(303);
  await site.rank();
}

const spoken = (page: Page): Promise<string | null> => page.locator('#spoken').textContent();

const isAnnounced = (page: Page, text: string): Promise<void> =>
  expect.poll(() => spoken(page), { timeout: 15_000 }).toMatch(new RegExp(`^${text}`));

it('fits a large screen with ten rows that people read from the back of the room', async () => {
  const { page, complaints } = await openScreen();
  expect(await page.locator('#board [data-rank]').count()).toBe(10);
  const sizes = await page
    .locator('#board .name')
    .evaluateAll((names) => names.map((name) => Number.parseFloat(getComputedStyle(name).fontSize)));
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(MIN_TEXT_PX);
  const { scrollHeight, clientHeight } = await page.evaluate(() => {
    const { scrollHeight, clientHeight } = document.documentElement;
    return { scrollHeight, clientHeight };
  });
  expect(scrollHeight).toBeLessThanOrEqual(clientHeight);
  await expectNoSidewaysScroll(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectNoViolations(page, colorScheme);
  }
  await pressByKeyboard(page, '.pause');
  expect(await page.locator('.pause').getAttribute('aria-pressed')).toBe('true');
  expect(complaints).toEqual([]);
});

it('tells a screen reader of a new rank, a pause, and the end', async () => {
  const { topic, page, complaints } = await openScreen();
  const { id } = await site.db
    .selectFrom('things')
    .where('topicId', '=', topic.id)
    .where('name', 'like', '% 1')
    .select('id')
    .executeTakeFirstOrThrow();
  await act(topic, `things/${id}/retire`);
  await isAnnounced(page, 'A project with a name Thing 2 is now 1st.');
  for (const [what, text] of [
    ['pause', 'Voting is paused.'],
    ['resume', 'Voting is open.'],
    ['close', 'Voting has ended.'],
  ] as const) {
    await act(topic, what);
    await isAnnounced(page, text);
  }
  expect(complaints).toEqual([]);
});
