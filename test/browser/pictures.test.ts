import { beforeAll, expect, it } from 'vitest';
import { topic, useSite } from '../site.js';
import { useChromium } from './chromium.js';

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  await topic(site, { names: ['Éclair', '👩‍🍳 Cook', 'Toast', 'Pie'] });
  await site.db.updateTable('things').set({ picture: 'gone.svg' }).execute();
  await site.db.updateTable('things').set({ picture: 'pie.svg' }).where('name', '=', 'Pie').execute();
  await site.db
    .updateTable('boards')
    .set(({ eb }) => ({ version: eb('version', '+', 1) }))
    .execute();
  await site.boards.refresh();
});

it('shows the first letter of a thing whose picture is missing', async () => {
  const { page } = await chromium.open(site);
  await page.goto('/ranking');
  await page.locator('.gallery .letter').nth(2).waitFor();
  const tiles = await page.locator('.gallery .letter').allTextContents();
  expect(tiles.sort()).toEqual(['T', 'É', '👩‍🍳'].sort());
  expect(await page.locator('.gallery img').count()).toBe(1);
});

it('shows no broken picture on a pair that replaces another one', async () => {
  const { page } = await chromium.open(site);
  await page.goto('/vote');
  await page.locator('#choose-left').click();
  await page.locator('.receipt').getByText('you chose').waitFor();
  await expect
    .poll(() =>
      page
        .locator('#pair img')
        .evaluateAll(
          (pictures) => pictures.filter((picture) => (picture as HTMLImageElement).naturalWidth === 0).length,
        ),
    )
    .toBe(0);
});

it('shows the first letter of a picture that failed before the script ran', async () => {
  const { page } = await chromium.open(site);
  await page.route('**/app/pictures.js*', async (route) => {
    await page.waitForFunction(() => [...document.images].every(({ complete }) => complete));
    await route.continue();
  });
  await page.goto('/ranking');
  await expect.poll(() => page.locator('.gallery .letter').count()).toBe(3);
});
