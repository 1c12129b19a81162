import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { root } from '../../src/config.js';
import { useSite } from '../site.js';
import { useChromium } from './chromium.js';

const PICTURES = join(root, 'test/browser/pictures');
/** The share of the pixels that may differ, in pictures a quarter as wide and high. */
const TOLERANCE = 0.01;
/** How much a red, green or blue may differ, of 255. */
const COLOUR_TOLERANCE = 32;

const site = useSite();
const chromium = useChromium();

beforeAll(async () => {
  const things = 'name,picture,description\nAvocado,avocado.svg,Green\nCamel,camel.svg,Never thirsty\n';
  await importThings(site.db, Readable.from([things]), { slug: 'two' });
  await site.boards.refresh();
});

it.each([
  { look: 'phone-light', width: 375, height: 553, colorScheme: 'light' },
  { look: 'phone-dark', width: 375, height: 553, colorScheme: 'dark' },
  { look: 'desktop-light', width: 1280, height: 800, colorScheme: 'light' },
] as const)('shows the vote page as in its picture: $look', async ({ look, width, height, colorScheme }) => {
  const page = await openVotePage({ viewport: { width, height }, colorScheme });
  await expectPicture(`vote-${look}`, page, await page.screenshot());
});

it('shows the components as in their picture', async () => {
  const page = await open({ viewport: { width: 1024, height: 800 } });
  await page.goto('/dev/components', { waitUntil: 'networkidle' });
  // Other machines may have other fonts for Arabic and for emojis. The rows of a ranking have tests of their own.
  await page
    .locator('[data-part=names], [data-part=letters], [data-part=rows], [data-part=screen]')
    .evaluateAll((parts) => {
      for (const part of parts) (part as HTMLElement).hidden = true;
    });
  await expectPicture('components', page, await page.locator('.schemes').screenshot());
});

type Options = Parameters<typeof chromium.open>[1];

async function open(options: Options): Promise<Page> {
  const { page } = await chromium.open(site, { reducedMotion: 'reduce', ...options });
  // With "optional", a busy machine would show the page in another font.
  await page.route('**/site.css', async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace('font-display: optional', 'font-display: block');
    await route.fulfill({ response, body });
  });
  return page;
}

async function openVotePage(options: Options): Promise<Page> {
  const page = await open(options);
  await page.goto('/topics/two/vote', { waitUntil: 'networkidle' });
  // Chance decides which of the two is on the left.
  await page.locator('.duel').evaluate((duel) => {
    const [left, right] = duel.children;
    if (left && right && !left.textContent?.includes('Avocado')) duel.prepend(right);
  });
  return page;
}

/** Compares a screenshot with the picture in the repository. `RENEW_PICTURES=1` writes the picture instead. */
async function expectPicture(name: string, page: Page, screenshot: Buffer): Promise<void> {
  const path = join(PICTURES, `${name}.png`);
  if (process.env.RENEW_PICTURES) return writeFileSync(path, screenshot);
  await page.goto('about:blank');
  const share = await shareOfDifferentPixels(page, [readFileSync(path), screenshot]);
  const found = join(tmpdir(), `${name}.png`);
  if (share > TOLERANCE) writeFileSync(found, screenshot);
  expect(share, `${path} differs from ${found}`).toBeLessThanOrEqual(TOLERANCE);
}

/**
 * Returns the share (0 to 1) of the pixels that differ between two PNGs, both made smaller: so the edges of letters,
 * which each machine draws a little differently, count little. It is 1 when the sizes differ.
 */
async function shareOfDifferentPixels(page: Page, pictures: [Buffer, Buffer]): Promise<number> {
  const urls = pictures.map((png) => `data:image/png;base64,${png.toString('base64')}`);
  return page.evaluate(
    async ({ urls, tolerance }) => {
      const [one, other] = await Promise.all(
        urls.map(async (url) => {
          const image = new Image();
          image.src = url;
          await image.decode();
          const [width, height] = [Math.ceil(image.width / 4), Math.ceil(image.height / 4)];
          const context = new OffscreenCanvas(width, height).getContext('2d');
          if (!context) throw new Error('There is no canvas');
          context.imageSmoothingQuality = 'high';
          context.drawImage(image, 0, 0, width, height);
          return context.getImageData(0, 0, width, height);
        }),
      );
      if (!one || one.width !== other?.width || one.height !== other.height) return 1;
      let different = 0;
      for (let pixel = 0; pixel < one.data.length; pixel += 4)
        for (let colour = pixel; colour < pixel + 3; colour++)
          if (Math.abs((one.data[colour] ?? 0) - (other.data[colour] ?? 0)) > tolerance) {
            different++;
            break;
          }
      return different / (one.width * one.height);
    },
    { urls, tolerance: COLOUR_TOLERANCE },
  );
}
