import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { bomb, photograph, SVG, thingsOf, topicOf } from '../organize/picture-corpus.js';
import { useSite } from '../site.js';
import {
  expectNoSidewaysScroll,
  expectNoViolations,
  expectOutline,
  signUp,
  useChromium,
  type Window,
} from './chromium.js';

const site = useSite();
const chromium = useChromium();
const photographs: { name: string; mimeType: string; buffer: Buffer }[] = [];

beforeAll(async () => {
  for (let seed = 0; seed < 40; seed++) {
    const buffer = await photograph({ seed, width: 1000 + seed, height: 750 });
    photographs.push({ name: `red-panda-${seed + 1}.jpg`, mimeType: 'image/jpeg', buffer });
  }
});

const PHONE = { width: 375, height: 553 };

let organisers = 0;

/** Signs somebody up, and opens the page that adds pictures to their new topic. */
async function open({ javaScriptEnabled = true } = {}): Promise<Window & { topicId: number; slug: string }> {
  const window = await chromium.open(site, { viewport: PHONE, javaScriptEnabled });
  // A form without script is answered when the last picture is decoded.
  window.page.setDefaultTimeout(100_000);
  const ownerId = await signUp(site, window.page, `organiser-${++organisers}`);
  const { topicId, slug, manage } = await topicOf(site, ownerId);
  await window.page.goto(`${manage}/pictures`);
  return { ...window, topicId, slug };
}

const names = async (topicId: number): Promise<string[]> =>
  (await thingsOf(site, { topicId }))
    .map(({ name }) => name)
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));

const expected = Array.from({ length: 40 }, (_, index) => `Red panda ${index + 1}`);

async function expectLoaded(page: Page): Promise<void> {
  const images = page.locator('.received img');
  await images.last().scrollIntoViewIfNeeded();
  await expect
    .poll(() =>
      images.evaluateAll(
        (all) => all.filter((image) => (image as HTMLImageElement).naturalWidth === 0).length,
      ),
    )
    .toBe(0);
}

it.each([true, false])(
  'makes forty things of forty photographs chosen at once, with script: %s',
  async (javaScriptEnabled) => {
    const { page, complaints, topicId } = await open({ javaScriptEnabled });
    await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs);
    await page.getByRole('button', { name: 'Add pictures' }).click();
    await page.getByRole('heading', { name: '40 pictures added' }).waitFor();
    expect(await names(topicId)).toEqual(expected);
    expect(await page.locator('.received .name').count()).toBe(40);
    await expectNoSidewaysScroll(page);
    if (javaScriptEnabled) {
      expect(await page.locator('#sent').textContent()).toBe('40 pictures added');
      await expectLoaded(page);
      await expectOutline(page);
      await expectNoViolations(page, 'forty pictures');
    }
    expect(complaints).toEqual([]);
  },
);

it('keeps the chosen pictures while something else on the form of a new topic is wrong', async () => {
  const { page } = await chromium.open(site, { viewport: PHONE });
  await signUp(site, page, `organiser-${++organisers}`);
  await page.goto('/topics/new');
  await page.getByLabel('Title').fill('Pandas');
  await page.getByLabel('Question').fill('   ');
  await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs.slice(0, 3));
  await page.getByText('3 pictures chosen').first().waitFor();
  await page.getByRole('button', { name: 'Create topic' }).click();
  await page.getByRole('heading', { name: 'New topic' }).waitFor();
  await page.locator('form .error').first().waitFor();
  await page.getByText('3 pictures chosen').first().waitFor();
  await page.getByLabel('Question').fill('Which one is better?');
  await page.getByRole('button', { name: 'Create topic' }).click();
  await page.getByRole('heading', { name: '3 pictures added' }).waitFor();
  // They are added once.
  await page.reload();
  await page.getByRole('heading', { name: 'Add pictures' }).waitFor();
  expect(await page.locator('.received .name').count()).toBe(0);
});

it.each([true, false])(
  'makes a topic of forty photographs, up to the first vote, with script: %s',
  async (javaScriptEnabled) => {
    const { page, complaints } = await chromium.open(site, { viewport: PHONE, javaScriptEnabled });
    page.setDefaultTimeout(100_000);
    await signUp(site, page, `organiser-${++organisers}`);
    const started = performance.now();
    await page.goto('/topics/new');
    await page.getByLabel('Title').fill('Red pandas');
    await page.getByLabel('Question').fill('Which photograph is better?');
    if (javaScriptEnabled) {
      await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs);
      await page.getByText('40 pictures chosen').first().waitFor();
      await page.getByRole('button', { name: 'Create topic' }).click();
    } else {
      await page.getByRole('button', { name: 'Create and add pictures' }).click();
      await page.getByText('Now add its pictures').waitFor();
      await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs);
      await page.getByRole('button', { name: 'Add pictures' }).click();
    }
    await page.getByRole('heading', { name: '40 pictures added' }).waitFor();
    await page.getByRole('link', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Open for votes' }).click();
    await page.locator('.studio').getByRole('link', { name: 'Vote', exact: true }).click();
    await page.getByRole('heading', { name: 'Which photograph is better?' }).waitFor();
    expect(await page.locator('#pair img').count()).toBe(2);
    await expectNoSidewaysScroll(page);
    // The page refuses a press on a pair that nobody can have seen.
    await page.waitForTimeout(400);
    await page.locator('#choose-left').click();
    await page.getByText('you chose').first().waitFor({ state: 'attached' });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.info(`with script ${javaScriptEnabled}: ${seconds} s from the form to the first vote`);
    expect(complaints).toEqual([]);
  },
);

it.each([true, false])(
  'says beside each file what is wrong with it, with script: %s',
  async (javaScriptEnabled) => {
    const { page, topicId } = await open({ javaScriptEnabled });
    const [fine = expect.fail()] = photographs;
    await page
      .getByLabel('Pictures', { exact: true })
      .setInputFiles([
        fine,
        { name: 'bomb.png', mimeType: 'image/png', buffer: bomb() },
        { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: SVG },
        { name: 'large.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(11 * 1024 * 1024) },
      ]);
    await page.getByRole('button', { name: 'Add pictures' }).click();
    await page.getByRole('heading', { name: '1 picture added, 3 not' }).waitFor();
    expect(await page.locator('.received li.wrong .name').allTextContents()).toEqual([
      'bomb.png',
      'logo.svg',
      'large.jpg',
    ]);
    const errors = await page.locator('.received .error').allTextContents();
    expect(
      errors.map(
        (text) => /^(This picture has more|SVG files|This file is larger than 10 MB)/.exec(text)?.[0],
      ),
    ).toEqual(['This picture has more', 'SVG files', 'This file is larger than 10 MB']);
    expect(await names(topicId)).toEqual(['Red panda 1']);
  },
);

it('keeps what could not be sent, and sends it with the next press', async () => {
  const { page, topicId } = await open();
  await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs.slice(0, 3));
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Add pictures' }).click();
  await page.getByRole('heading', { name: '0 pictures added, 3 not' }).waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Add pictures' }).click();
  await page.getByRole('heading', { name: '3 pictures added' }).waitFor();
  expect(await names(topicId)).toEqual(expected.slice(0, 3));
});

it('takes files that are dropped anywhere on the card, and refuses more than two hundred at once', async () => {
  const { page } = await open();
  const drop = (count: number) =>
    page.locator('[data-upload]').evaluate((form, files) => {
      const dataTransfer = new DataTransfer();
      for (let index = 0; index < files; index++) dataTransfer.items.add(new File(['x'], `${index}.png`));
      form.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    }, count);
  await drop(10_000);
  await page.getByRole('button', { name: 'Add pictures' }).click();
  await page.getByText('You chose 10000 pictures.').waitFor();
  expect(await page.locator('#results').isVisible()).toBe(false);
  await drop(2);
  await page.getByRole('button', { name: 'Add pictures' }).click();
  await page.getByRole('heading', { name: '0 pictures added, 2 not' }).waitFor();
  expect(await page.locator('#pictures-error').isVisible()).toBe(false);
});

it('loads the pictures of the next pair in advance, in the size that it shows', async () => {
  const { page, topicId, slug } = await open();
  await page.getByLabel('Pictures', { exact: true }).setInputFiles(photographs.slice(0, 6));
  await page.getByRole('button', { name: 'Add pictures' }).click();
  await page.getByRole('heading', { name: '6 pictures added' }).waitFor();
  await site.db.updateTable('topics').set({ phase: 'open' }).where('id', '=', topicId).execute();
  await site.boards.refresh();
  await page.goto(`/topics/${slug}/vote`);
  const loaded = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType('resource')
        .map(({ name }) => name)
        .filter((name) => /\.webp$/.test(name)),
    );
  await expect.poll(async () => (await loaded()).length).toBe(4);
  const ahead = await loaded();
  const shown = () =>
    page
      .locator('#pair img')
      .evaluateAll((images) => images.map((image) => (image as HTMLImageElement).currentSrc));
  const first = await shown();
  await page.waitForTimeout(400);
  await page.locator('#choose-left').click();
  await expect.poll(shown).not.toEqual(first);
  await expect.poll(async () => (await shown()).filter((address) => !ahead.includes(address))).toEqual([]);
});
