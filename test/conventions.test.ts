import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../src/config.js';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file}`);

it('prints only other templates and sanitized Markdown without escaping', () => {
  for (const file of filesIn('views', '.eta'))
    for (const [raw] of read(file).matchAll(/<%[-_]?\s*~.*?%>/gs))
      expect([file, raw]).toEqual([
        file,
        expect.stringMatching(/^<%~ ((?:partial|cached)\('\/[\w/-]+', .+\)|it\.body|it\.sanitized) %>$/),
      ]);
});

it('prints sanitized Markdown in one template, whose data only renderMarkdown makes', () => {
  const printing = filesIn('views', '.eta').filter((file) => read(file).includes('it.sanitized'));
  expect(printing).toEqual(['views/shared/_markdown.eta']);
  const making = filesIn('src', '.ts').filter((file) => read(file).includes('as SanitizedHtml'));
  expect(making).toEqual(['src/catalog/markdown.ts']);
});

it('quotes every attribute, because escaping needs it', () => {
  for (const file of filesIn('views', '.eta'))
    expect([file, read(file).match(/\s[\w-]+=<%/g)]).toEqual([file, null]);
});

it('shows every time in the time zone of the reader, by one template', () => {
  const others = filesIn('views', '.eta').filter((file) => file !== 'views/shared/_time.eta');
  expect(others.filter((file) => /<time\b(?! ')/.test(read(file)))).toEqual([]);
});

it('reads the environment in one file', () => {
  const readers = filesIn('src', '.ts').filter((file) => read(file).includes('process.env'));
  expect(readers).toEqual(['src/config.ts']);
});

it('serves the installed version of htmx', () => {
  expect(read('public/htmx.min.js')).toBe(read('node_modules/htmx.org/dist/htmx.min.js'));
});

it('serves the installed version of SimpleWebAuthn', () => {
  expect(read('public/app/simplewebauthn.min.js')).toBe(
    read('node_modules/@simplewebauthn/browser/dist/bundle/index.umd.min.js'),
  );
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

// A colour by its numbers, by a function or by one of the usual names. Forced colours have names of their own, such as
// Highlight: they are not ours.
const COLOUR =
  /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\(|\b(?:aqua|black|blue|brown|cyan|gold|gr[ae]y|green|lime|magenta|maroon|navy|olive|orange|pink|purple|red|silver|teal|white|yellow)\b/i;

// A share of the room or of the text's size is no size of its own.
const SIZE = /(?<![\w.-])\d*\.?\d+(?:px|rem)\b/;

it('names colours and sizes in tokens.css alone', () => {
  const files = filesIn('public/styles', '.css').filter((file) => !file.endsWith('/tokens.css'));
  for (const file of files)
    for (const [, property = '', value = ''] of declarationsIn(read(file))) {
      expect([file, property, value]).toEqual([file, property, expect.not.stringMatching(COLOUR)]);
      expect([file, property, value]).toEqual([file, property, expect.not.stringMatching(SIZE)]);
      const type = property === 'font' || property === 'font-size' ? /^inherit$|var\(--text-\d\)/ : /./;
      expect([file, property, value]).toEqual([file, property, expect.stringMatching(type)]);
    }
});

it('has at most seven sizes of type', () => {
  const sizes = declarationsIn(read('public/styles/tokens.css'))
    .map(([, property = '']) => property)
    .filter((property) => property.startsWith('--text-'));
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.length).toBeLessThanOrEqual(7);
});

it('gives the browser’s own bars the colour of the page', () => {
  const paper = read('public/styles/tokens.css')
    .match(/--paper: light-dark\((#\w+), (#\w+)\)/)
    ?.slice(1);
  const themes = [...read('views/layouts/_head.eta').matchAll(/name="theme-color" content="(#\w+)"/g)];
  expect(themes.map(([, colour]) => colour)).toEqual(paper);
  const manifest = JSON.parse(read('public/manifest.webmanifest'));
  expect([manifest.theme_color, manifest.background_color]).toEqual([paper?.[0], paper?.[0]]);
});

it('has no line of a template above 120 characters', () => {
  const long = filesIn('views', '.eta').flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => ([...line].length > 120 ? `${file}:${index + 1}` : [])),
  );
  expect(long).toEqual([]);
});

// What a page shows is worked out before it: a template asks and repeats.
const WORKS_OUT =
  /=>|\bfunction\b|\.(?:concat|every|filter|find|findLast|flatMap|includes|indexOf|join|keys|map|match|reduce|replace|replaceAll|slice|some|sort|split|startsWith|test|toFixed|toUpperCase)\(/;

it('keeps templates to if, each and the functions that format a value or mark a link', () => {
  const worksOut = filesIn('views', '.eta').flatMap((file) =>
    [...read(file).matchAll(/<%[\s\S]*?%>/g)]
      .filter(([code]) => WORKS_OUT.test(code))
      .map(([code]) => `${file}: ${code}`),
  );
  expect(worksOut).toEqual([]);
});

function declarationsIn(css: string): RegExpExecArray[] {
  return [...css.replace(/\/\*.*?\*\//gs, '').matchAll(/([\w-]+)\s*:\s*([^;{}]+);/g)];
}
