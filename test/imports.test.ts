import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

/** The rooms of the house, from the roof to the ground. What is not in a folder stands at the top or on the ground. */
const ROOMS = [
  ...['server.ts', 'ranker.ts', 'cli.ts', 'app.ts'],
  ...['home', 'api', 'admin'],
  ...['profile/leaving', 'profile/sharing', 'profile'],
  'voting',
  ...['ranking/pages', 'ranking/transfer', 'ranking/boards', 'ranking/ranker', 'ranking/math'],
  'catalog',
  ...['auth', 'auth/users', 'auth/sessions', 'auth/passwords', 'auth/audit'],
  'http',
  '',
];

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

/** Which files each file imports, types as well. */
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, 'src', file), 'utf8');
  const found = text.matchAll(
    /^(?:import|export)\s[^;]*?from '(\.[^']+)';|import\('(\.[^']+)'\)|^import '(\.[^']+)';/gms,
  );
  return [...found].map(([, from, lazy, bare]) =>
    normalize(join(dirname(file), (from ?? lazy ?? bare ?? '').replace(/\.js$/, '.ts'))),
  );
}

/** The room a file is in: the longest of the paths that hold it. */
function roomOf(file: string): number {
  const holding = ROOMS.filter((room) => room === '' || file === room || file.startsWith(`${room}/`));
  return ROOMS.indexOf(holding.sort((one, other) => other.length - one.length)[0] ?? '');
}

it('reads the imports of every file', () => {
  expect(files.length).toBeGreaterThan(150);
  for (const [file, imported] of imports)
    for (const one of imported) expect([file, files.includes(one) ? one : 'nothing']).toEqual([file, one]);
  const importing = [...imports].filter(([, imported]) => imported.length > 0).length;
  expect(importing / files.length).toBeGreaterThan(0.7);
});

it('has every file in a room, and something in every room', () => {
  const inRooms = new Set(files.map(roomOf));
  expect(ROOMS.filter((_, room) => !inRooms.has(room))).toEqual([]);
  const onTheGround = files.filter((file) => ROOMS[roomOf(file)] === '');
  expect(onTheGround.filter((file) => file.includes('/'))).toEqual([]);
});

it('imports downwards only', () => {
  const up = [...imports].flatMap(([file, imported]) =>
    imported.filter((one) => roomOf(one) < roomOf(file)).map((one) => `${file} imports ${one}`),
  );
  expect(up).toEqual([]);
});

it('goes round in no circle', () => {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, way: string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' > '));
    else if (!done.has(file)) {
      for (const one of imports.get(file) ?? []) visit(one, [...way, file]);
      done.add(file);
    }
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

it('has a drawing of the house', async () => {
  const floors = [...new Set(ROOMS.map((room) => room.split('/')[0] ?? ''))].filter((floor) => floor !== '');
  const floorOf = (file: string): string => floors[floors.indexOf(file.split('/')[0] ?? '')] ?? 'the ground';
  const arrows = new Set<string>();
  for (const [file, imported] of imports)
    for (const one of imported) {
      const [from, to] = [floorOf(file), floorOf(one)];
      // Nearly all rooms stand on these two.
      if (from !== to && to !== 'http' && to !== 'the ground') arrows.add(`  ${from} --> ${to}`);
    }
  const lines = floors.flatMap((floor) =>
    [...arrows].filter((arrow) => arrow.startsWith(`  ${floor} -->`)).sort(),
  );
  const drawing = ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');
  const said =
    'Made from the imports by `npm test -- imports -u`. Nearly every room also stands on `http` and on the files outside folders.';
  await expect(`# The house\n\n${said}\n\n${drawing}\n`).toMatchFileSnapshot('../docs/house.md');
});
