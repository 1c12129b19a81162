import { expect, it } from 'vitest';
import { NearNames } from '../../src/catalog/near-names.js';
import { correctThings, type InputRow, readThings } from '../../src/catalog/things-input.js';

const names = async (text: string): Promise<string[]> =>
  (await readThings(text)).rows.map(({ cells }) => cells.name);

const wrong = async (text: string, existing: string[] = []): Promise<string[]> =>
  (await readThings(text, existing)).rows.flatMap(({ row, problems }) =>
    problems.map(({ column, message }) => `${row} ${column} ${message}`),
  );

const keyOf = async (text: string, row: number): Promise<string> =>
  ((await readThings(text)).rows.find((one) => one.row === row) as InputRow).key;

it('reads lines as names, without blank lines and bullets', async () => {
  expect(await names('Ramen\n\n  Sushi \r\nPizza, with cheese\n')).toEqual([
    'Ramen',
    'Sushi',
    'Pizza, with cheese',
  ]);
  expect(await names('- Ramen\n- Sushi')).toEqual(['Ramen', 'Sushi']);
  expect(await names('1. Ramen\n2) Sushi')).toEqual(['Ramen', 'Sushi']);
  expect(await names('- Ramen\nSushi')).toEqual(['- Ramen', 'Sushi']);
});

it.each([
  ['commas', 'Name,Description,Colour\nTea,"Hot, green",x\nPie,,\n'],
  ['semicolons', 'name;description;colour\nTea;Hot, green;x\nPie;;\n'],
  ['tabs, as spreadsheets copy', '\uFEFFName\tDescription\tColour\r\nTea\tHot, green\tx\r\nPie\t\t\r\n'],
])('reads a table with %s', async (_name, text) => {
  const { kind, columns, ignored, rows } = await readThings(text);
  expect({ kind, columns, ignored: ignored.map((name) => name.toLowerCase()) }).toEqual({
    kind: 'table',
    columns: ['name', 'description'],
    ignored: ['colour'],
  });
  expect(rows.map(({ row, cells }) => [row, cells.name, cells.description])).toEqual([
    [2, 'Tea', 'Hot, green'],
    [3, 'Pie', ''],
  ]);
});

it('keeps the lines of a text, and joins those of a description', async () => {
  const text = 'name,text,description,tags\nA,"# One\r\n\r\ntwo","One\ntwo","a; b, A"\n';
  const [row] = (await readThings(text)).rows;
  expect(row?.cells).toMatchObject({ text: '# One\n\ntwo', description: 'One two', tags: 'a, b' });
});

it('says beside each row what is wrong with it, and keeps the others', async () => {
  const text = `name,link\nTea,\n,https://example.org\n${'x'.repeat(81)},\ntea,\nPie,nowhere\nJam,`;
  expect(await wrong(text)).toEqual([
    '3 name is empty',
    expect.stringMatching(/^4 name "x+\.\.\." is longer than 80 characters$/),
    '5 name “Tea” is in row 2 already',
    '6 link "nowhere" is not an address that starts with http:// or https://',
  ]);
  expect(await wrong('Tea\nCake', ['TEA'])).toEqual(['1 name “TEA” is in this topic already']);
  expect(await wrong('Tea\tHot\nPie\tSoft')).toHaveLength(2);
  expect(await wrong('name,text\nTea,a,b')).toEqual(['2 name is followed by 3 cells where the header has 2']);
});

it('reads the other rows of a table when a quote is not closed', async () => {
  const text = 'name,description\nTea,Hot\nPie,"Soft\nJam,"Sweet, red"\n';
  expect(await wrong(text)).toEqual([expect.stringMatching(/^3 name has a quote/)]);
  expect((await readThings(text)).rows[2]?.cells).toMatchObject({ name: 'Jam', description: 'Sweet, red' });
});

it('hints at a name that is almost the same, and takes both', async () => {
  const { rows } = await readThings('Coffee\nCofee\nGroup 1\nGroup 2\nTea', ['Team']);
  expect(rows.map(({ like }) => like)).toEqual(['', 'Coffee', '', '', '']);
  expect(rows.flatMap(({ problems }) => problems)).toEqual([]);
  expect(new NearNames(['Red apples', 'Green pears']).like('Red apple', 0.3)).toEqual(['Red apples']);
});

it('corrects a field where it stands, also when rows above it have changed', async () => {
  const text = 'name,colour,link\nTea,green,\nPie,"a ""b""",x\nPie,,\n';
  const corrections = new Map([
    [await keyOf(text, 3), { link: 'https://example.org/' }],
    [await keyOf(text, 4), { name: 'Apple pie' }],
  ]);
  const corrected = 'name,colour,link\nTea,green,\nPie,"a ""b""",https://example.org/\nApple pie,,\n';
  expect(await correctThings(text, corrections)).toBe(corrected);
  expect(await correctThings(text.replace('Tea,green,\n', ''), corrections)).toBe(
    corrected.replace('Tea,green,\n', ''),
  );
  expect(await wrong(corrected)).toEqual([]);
});

it('corrects a line, and leaves the rest as it was typed', async () => {
  const text = 'Tea\n\n tea\nPie ';
  expect(await correctThings(text, new Map([[await keyOf(text, 3), { name: 'Green tea' }]]))).toBe(
    'Tea\n\nGreen tea\nPie ',
  );
  expect(await correctThings(text, new Map([['nothing like it', { name: 'x' }]]))).toBe(text);
});

it('reads ten thousand things, and compares two thousand, in a moment', async () => {
  for (const count of [10_000, 2_000]) {
    const text = Array.from({ length: count }, (_, index) => `The ${index % 7} things of ${index}`).join(
      '\n',
    );
    const before = performance.now();
    expect((await readThings(text)).rows).toHaveLength(count);
    expect(performance.now() - before).toBeLessThan(5_000);
  }
});
