import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file}`);

it('prints only other templates without escaping', () => {
  for (const file of filesIn('views', '.eta'))
    for (const [raw] of read(file).matchAll(/<%[-_]?\s*~.*?%>/gs))
      expect([file, raw]).toEqual([
        file,
        expect.stringMatching(/^<%~ (partial\('\/[\w/-]+', .+\)|it\.body) %>$/),
      ]);
});

it('quotes every attribute, because escaping needs it', () => {
  for (const file of filesIn('views', '.eta'))
    expect([file, read(file).match(/\s[\w-]+=<%/g)]).toEqual([file, null]);
});

it('reads the environment in one file', () => {
  const readers = filesIn('src', '.ts').filter((file) => read(file).includes('process.env'));
  expect(readers).toEqual(['src/config.ts']);
});

it('serves the installed version of htmx', () => {
  expect(read('public/htmx.min.js')).toBe(read('node_modules/htmx.org/dist/htmx.min.js'));
});

it('has exactly the pictures that the seed names', () => {
  const named = filesIn('src/catalog/seed', '.csv').flatMap((file) => read(file).match(/[\w-]+\.svg/g) ?? []);
  expect(named.sort()).toEqual(
    readdirSync(join(root, 'public/pictures'))
      .filter((file) => file.endsWith('.svg'))
      .sort(),
  );
});

it('imports no app code in a migration, so that the migration never changes', () => {
  for (const file of filesIn('migrations', '.ts')) expect(read(file)).not.toMatch(/from '\.\.?\//);
});
