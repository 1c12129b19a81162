import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

/** The folders, from the top to the bottom. The empty name stands for the other files outside folders. */
const FOLDERS = [
  ...['server.ts', 'ranker.ts', 'cli.ts', 'app.ts'],
  ...['home', 'api', 'admin'],
  'organize',
  ...['profile/leaving', 'profile/sharing', 'profile'],
  'voting',
  ...[
    'ranking/pages',
    'ranking/transfer',
    'ranking/diagnostics',
    'ranking/boards',
    'ranking/ranker',
    'ranking/math',
  ],
  'catalog',
  ...[
    'auth',
    'auth/recovery',
    'auth/users',
    'auth/sessions',
    'auth/passkeys',
    'auth/passwords',
    'auth/audit',
  ],
  ...['site', 'http'],
  '',
];

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** The imports of each file, types included. */
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\s[^;]*?from '(\.[^']+)';|import\('(\.[^']+)'\)|^import '(\.[^']+)';/gms,
  );
  return [...statements].map(([, from, lazy, bare]) =>
    normalize(join(dirname(file), (from ?? lazy ?? bare ?? '').replace(/\.js$/, '.ts'))),
  );
}

/** Returns the index of the folder that a file is in: the longest path that contains it. */
function folderOf(file: string): number {
  const candidates = FOLDERS.filter(
    (folder) => folder === '' || file === folder || file.startsWith(`${folder}/`),
  );
  return FOLDERS.indexOf(candidates.sort((one, other) => other.length - one.length)[0] ?? '');
}

it('reads the imports of every file', () => {
  expect(files.length).toBeGreaterThan(150);
  for (const [file, imported] of imports)
    for (const path of imported)
      expect([file, files.includes(path) ? path : 'nothing']).toEqual([file, path]);
  const importing = [...imports].filter(([, imported]) => imported.length > 0).length;
  expect(importing / files.length).toBeGreaterThan(0.7);
});

it('has every file in a listed folder, and a file in each of them', () => {
  const used = new Set(files.map(folderOf));
  expect(FOLDERS.filter((_, folder) => !used.has(folder))).toEqual([]);
  const outsideFolders = files.filter((file) => FOLDERS[folderOf(file)] === '');
  expect(outsideFolders.filter((file) => file.includes('/'))).toEqual([]);
});

it('imports downwards only', () => {
  const upward = [...imports].flatMap(([file, imported]) =>
    imported.filter((path) => folderOf(path) < folderOf(file)).map((path) => `${file} imports ${path}`),
  );
  expect(upward).toEqual([]);
});

it('has no import cycle', () => {
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' > '));
    else if (!done.has(file)) {
      for (const imported of imports.get(file) ?? []) visit(imported, [...path, file]);
      done.add(file);
    }
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

it('has an up-to-date drawing of the folders', async () => {
  const names = [...new Set(FOLDERS.map((folder) => folder.split('/')[0] ?? ''))].filter(
    (name) => name !== '',
  );
  const nameOf = (file: string): string => names[names.indexOf(file.split('/')[0] ?? '')] ?? 'no folder';
  const arrows = new Set<string>();
  for (const [file, imported] of imports)
    for (const path of imported) {
      const [from, to] = [nameOf(file), nameOf(path)];
      // Nearly all folders import these two, so their arrows would hide the others.
      if (from !== to && to !== 'http' && to !== 'no folder') arrows.add(`  ${from} --> ${to}`);
    }
  const lines = names.flatMap((name) =>
    [...arrows].filter((arrow) => arrow.startsWith(`  ${name} -->`)).sort(),
  );
  const drawing = ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');
  const note =
    'Made from the imports by `npm test -- imports -u`. Nearly every folder also imports `http` and the files outside folders.';
  await expect(`# The house\n\n${note}\n\n${drawing}\n`).toMatchFileSnapshot('../docs/house.md');
});
