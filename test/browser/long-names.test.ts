import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { importVotesOf, topic, useSite } from '../site.js';
import { expectNoSidewaysScroll, useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

const LONG = 'A quiet evening with the windows open, the rain on the roof and nobody to call us';
const WORD = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
const PAIRS = {
  long: [LONG.slice(0, 80), WORD.slice(0, 80)],
  emoji: ['👩‍👩‍👧‍👦🏳️‍🌈🧑🏽‍🚀'.repeat(4), '🍎🍏🍐🍊🍋🍌🍉🍇🍓🫐🍈🍒🍑🥭🍍🥥🥝🍅🍆🥑🥦🥬🥒🌶️'],
  rtl: ['مكتبة هادئة في مساء ممطر', 'ספרייה שקטה בערב גשום'],
};

/** What of the pair, and of its answers, is outside of the window or is cut off. */
const hiddenParts = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('.choice, .choice .name, #choose-tie, #choose-skip')]
      .filter((part) => {
        const { top, bottom, left, right } = part.getBoundingClientRect();
        return top < 0 || left < 0 || bottom > innerHeight || right > innerWidth;
      })
      .map((part) => part.outerHTML.slice(0, 80)),
  );

it.each(Object.entries(PAIRS))('shows a pair of names on a phone: %s', async (slug, names) => {
  await topic(site, { slug, names: names.map((name) => JSON.stringify(name)) });
  const phone = { viewport: { width: 375, height: 553 }, hasTouch: true, isMobile: true };
  const { page, complaints } = await chromium.open(site, phone);
  await page.goto(`/topics/${slug}/vote`);
  expect((await page.locator('.choice .name').allTextContents()).sort()).toEqual([...names].sort());
  expect(await hiddenParts(page)).toEqual([]);
  await expectNoSidewaysScroll(page);
  // A name in a sentence keeps its own direction.
  for (const name of await page.locator('.choice .name').all())
    expect(
      await name.evaluate((own) => own.matches('bdi, [dir=auto]') || own.querySelector('bdi') !== null),
    ).toBe(true);
  expect(complaints).toEqual([]);
});

it('shows the keys where there is a keyboard, and not on a phone', async () => {
  await topic(site, { slug: 'keys', names: ['Tea', 'Coffee', 'Water'] });
  const phone = { viewport: { width: 375, height: 553 }, hasTouch: true, isMobile: true };
  for (const [options, isShown] of [
    [phone, false],
    [{ viewport: { width: 1280, height: 900 } }, true],
  ] as const) {
    const { page } = await chromium.open(site, options);
    await page.goto('/topics/keys/vote');
    expect(await page.locator('#choose-skip kbd').isVisible()).toBe(isShown);
  }
});

it('shows the pair at 400 % zoom', async () => {
  await topic(site, { slug: 'zoom', names: ['Tea', 'Coffee', 'Water'] });
  const { page } = await chromium.open(site, { viewport: { width: 320, height: 256 } });
  await page.goto('/topics/zoom/vote');
  const choices = await page.locator('.choice').all();
  expect(choices).toHaveLength(2);
  for (const choice of choices) {
    const { y = 0, height = 0 } = (await choice.boundingBox()) ?? {};
    expect(y).toBeGreaterThanOrEqual(0);
    expect(y + height).toBeLessThanOrEqual(256);
  }
  await expectNoSidewaysScroll(page);
});

it.each([1280, 1920, 2560])('has two cards of the same size on a wide screen: %s pixels', async (width) => {
  await topic(site, { slug: `wide-${width}`, names: ['Tea', LONG.slice(0, 80).replaceAll(',', '')] });
  const { page } = await chromium.open(site, { viewport: { width, height: 1000 } });
  await page.goto(`/topics/wide-${width}/vote`);
  const [left, right] = await page
    .locator('.duel .side')
    .evaluateAll((cards) => cards.map((card) => card.getBoundingClientRect().toJSON()));
  expect(left.width).toBeLessThanOrEqual(420);
  expect([right.width, right.height]).toEqual([left.width, left.height]);
});

it('prints a ranking without the header, with all its names', async () => {
  const names = ['Tea', 'Coffee', 'Water', 'Milk'];
  await importVotesOf(site, 12, await topic(site, { slug: 'print', names }));
  const { page } = await chromium.open(site, { viewport: { width: 800, height: 1100 } });
  await page.goto('/topics/print/ranking');
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  for (const hidden of ['.head', '.foot', '.skip-link'])
    expect(await page.locator(hidden).isVisible()).toBe(false);
  for (const name of names) expect(await page.getByRole('row').getByText(name).isVisible()).toBe(true);
  // Ink on paper, also where the screen is dark.
  const color = await page
    .locator('tbody .name')
    .first()
    .evaluate((name) => getComputedStyle(name).color);
  expect(Math.max(...(color.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number))).toBeLessThan(100);
});
