import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

const folder = join(root, 'migrations');

/** The released migrations and the start of their SHA-256. Databases have run them, so a change comes in a new file. */
const RELEASED = {
  '2026-11-26-1-people.ts': '4ca60326d2e306e2',
  '2026-11-26-2-audit.ts': '0e0b6c08eb2ce313',
  '2026-11-26-3-catalog.ts': 'b96dffd7dfb8076d',
  '2026-11-26-4-ledger.ts': 'ff03585411deb1e4',
  '2026-11-26-5-ranking.ts': '3189bf02d2b8e538',
  '2026-11-26-6-sharing.ts': '946461a8b90a975a',
  '2026-11-30-1-goals.ts': '257389716c2bb56e',
  '2026-11-30-2-one-sided-groups.ts': '471860fc105816bf',
};

it('leaves released migrations as they are', () => {
  const hashes = Object.keys(RELEASED).map((file) => [file, hashOf(file)]);
  expect(Object.fromEntries(hashes)).toEqual(RELEASED);
});

it('puts new migrations after the released ones', () => {
  const files = readdirSync(folder).sort();
  expect(files.slice(0, Object.keys(RELEASED).length)).toEqual(Object.keys(RELEASED));
});

function hashOf(file: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex')
    .slice(0, 16);
}
