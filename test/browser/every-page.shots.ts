import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, it } from 'vitest';
import { useSite } from '../site.js';
import { useChromium } from './chromium.js';
import { fillSite } from './fixtures.js';
import { logInEach, type SavedSession } from './sessions.js';
import { type Fixtures, visits } from './visits.js';

const site = useSite({ trustProxy: 1 });
const chromium = useChromium();
const fixtures = { site } as Fixtures;
const folder = process.env.SCREENSHOTS ?? 'test/browser/screenshots';
let sessions: Record<string, SavedSession> = {};

beforeAll(async () => {
  Object.assign(fixtures, await fillSite(site));
  sessions = await logInEach(chromium, site, fixtures.members);
});

const sizes = [
  [375, 553],
  [390, 844],
  [768, 1024],
  [1280, 900],
] as const;
const looks = sizes.flatMap(([width, height]) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, height, colorScheme })),
);

const allVisits = Object.entries(visits).flatMap(([role, visitsOfRole]) =>
  Object.entries(visitsOfRole).map(([name, visit]) => ({ role, name, visit })),
);

/** Takes a picture of a state of the site in each size and scheme. Without script, those that need a press are missing. */
it.for(allVisits.flatMap((visit) => [true, false].map((script) => ({ ...visit, script }))))(
  '$role, $name, script $script',
  async ({ role, name, visit, script }, { skip }) => {
    const session = sessions[role];
    const { page } = await chromium.open(site, {
      javaScriptEnabled: script,
      reducedMotion: 'reduce',
      ...(session && { storageState: session }),
    });
    page.setDefaultTimeout(5_000);
    await visit(page, fixtures).catch((error: unknown) => {
      if (script) throw error;
      skip('needs script');
    });
    for (const { width, height, colorScheme } of looks) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      const into = join(folder, `${width}x${height}-${colorScheme}${script ? '' : '-no-script'}`);
      mkdirSync(into, { recursive: true });
      const file = `${role} ${name}`.replace(/[^\w-]+/g, '-');
      await page.screenshot({ path: join(into, `${file}.png`), fullPage: true });
    }
  },
);
