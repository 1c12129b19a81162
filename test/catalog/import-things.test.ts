import { Readable } from 'node:stream';
import { beforeEach, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { seed } from '../../src/catalog/seed.js';
import { useSite } from '../site.js';

const site = useSite();

let slug = '';
let topics = 0;
beforeEach(() => {
  slug = `topic-${++topics}`;
});

const importCsv = (csv: string | Buffer, fields: { title?: string; question?: string } = {}) =>
  importThings(site.db, Readable.from([csv]), { slug, ...fields });

const errorOf = (csv: string | Buffer): Promise<string> => importCsv(csv).then(unexpectedSuccess, messageOf);

const unexpectedSuccess = (): string => 'nothing was wrong';
const messageOf = (error: Error): string => error.message;

const storedThings = () =>
  site.db
    .selectFrom('things')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topics.slug', '=', slug)
    .select(['name', 'things.slug', 'picture', 'description', 'link'])
    .orderBy('things.id')
    .execute();

it('imports things into a topic that it creates, and shows them', async () => {
  const result = await importCsv(
    'name,picture,description,link\n' +
      'Crème brûlée,custard.svg,"Crack, then custard",https://example.org/c\nTea,,,\n',
    { title: 'Sweet things', question: 'Which is sweeter?' },
  );
  expect(result).toMatchObject({ added: 2, changed: 0, unchanged: 0, topic: { title: 'Sweet things' } });
  expect(await storedThings()).toEqual([
    {
      name: 'Crème brûlée',
      slug: 'creme-brulee',
      picture: 'custard.svg',
      description: 'Crack, then custard',
      link: 'https://example.org/c',
    },
    { name: 'Tea', slug: 'tea', picture: null, description: null, link: null },
  ]);
  await site.boards.refresh();
  expect(site.boards.get(slug)).toMatchObject({ size: 2, topic: { question: 'Which is sweeter?' } });
});

it('names a topic after its slug when no title is given', async () => {
  slug = 'national-teams';
  expect((await importCsv('name\nJapan\n')).topic.title).toBe('National teams');
});

it('changes nothing when a file is imported again, and only the filled-in cells of a changed file', async () => {
  const csv = 'name,description\nTea,Hot\nCake,Soft\n';
  await importCsv(csv);
  await site.boards.refresh();
  const version = site.boards.get(slug)?.version;
  expect(await importCsv(csv)).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
  await site.boards.refresh();
  expect(site.boards.get(slug)?.version).toBe(version);

  const more = await importCsv('name,description,picture\nTEA,,teapot.svg\nPie,,\n');
  expect(more).toMatchObject({ added: 1, changed: 1, unchanged: 0 });
  expect(await storedThings()).toMatchObject([
    { name: 'TEA', description: 'Hot', picture: 'teapot.svg' },
    { name: 'Cake', description: 'Soft' },
    { name: 'Pie' },
  ]);
});

it('reads the files of spreadsheets: a byte order mark, CRLF, quotes, blank rows, unknown columns', async () => {
  const csv =
    '\uFEFF"Name ",Colour,DESCRIPTION\r\n Tea ,green,"two\r\nlines, ""quoted"""\r\n\r\n,,\r\nPie,,\r\n';
  const bytes = [...Buffer.from(csv)].map((byte) => Buffer.from([byte]));
  await importThings(site.db, Readable.from(bytes), { slug });
  expect(await storedThings()).toMatchObject([
    { name: 'Tea', description: 'two lines, "quoted"' },
    { name: 'Pie' },
  ]);
});

it('names the problem of each invalid row, and imports nothing', async () => {
  const message = await errorOf(
    `name,picture,link\nTea,,\n,teapot.svg,\nPie,../x.svg,\nCake,,javascript:alert(1)\n${'x'.repeat(81)},,\ntea,,\nJam\n`,
  );
  expect(message.split('\n')).toEqual([
    'row 3, column name: is empty',
    expect.stringMatching(/^row 4, column picture: "\.\.\/x\.svg" is not a picture's path/),
    expect.stringMatching(/^row 5, column link: "javascript:alert\(1\)" is not an address/),
    expect.stringMatching(/^row 6, column name: "x+\.\.\." is longer than 80 characters$/),
    'row 7, column name: "tea" is in row 2 already',
    'row 8: has 1 cell where the header has 3',
  ]);
  const topic = await site.db.selectFrom('topics').where('slug', '=', slug).select('id').execute();
  expect(topic).toEqual([]);
});

it('refuses pictures whose files are not there', async () => {
  const message = await errorOf('name,picture\nTea,teapot.svg\nPie,pies/apple.svg\nJam,jam.webp\n');
  expect(message.split('\n')).toEqual([
    'row 3, column picture: "pies/apple.svg" is not in public/pictures: put the file there first',
    'row 4, column picture: "jam.webp" is not in public/pictures: put the file there first',
  ]);
});

it('lists twenty problems and counts the rest', async () => {
  const message = await errorOf(`name,link\n${'Tea,nonsense\n'.repeat(12_000)}`);
  expect(message.split('\n')).toHaveLength(21);
  expect(message).toMatch(/^row 2, .*\nand 11,980 more$/s);
});

it.each([
  [
    'a missing required column',
    'title;link\nTea;\n',
    'row 1: there is no column name; the first row is "title;link"',
  ],
  ['no content', '', 'row 1: the file is empty'],
  [
    'two columns with the same name',
    'name,Name\nTea,Pie\n',
    'row 1, column name: there are two of this name',
  ],
  [
    'an encoding other than UTF-8',
    Buffer.from('name\nCafé\n', 'latin1'),
    'row 2, column name: "Caf\uFFFD" is not valid UTF-8',
  ],
  ['an open quote', 'name\nTea\n"Pie\n', 'row 3: a quote is opened and never closed'],
  ['a quote inside a cell', 'name\n5" pie\n', 'row 2: a quote stands inside a cell'],
])('refuses a file with %s', async (_case, csv, message) => {
  expect(await errorOf(csv)).toContain(message);
});

it.each(['Foods', 'a--b', '-a', '', 'x'.repeat(61)])('refuses %j as a slug', async (invalid) => {
  slug = invalid;
  expect(await errorOf('name\nTea\n')).toContain("can't be a topic's slug");
});

it('fails with the error of its source, and imports nothing', async () => {
  async function* broken() {
    yield 'name\nTea\n';
    throw new Error('the disk is on fire');
  }
  await expect(importThings(site.db, Readable.from(broken()), { slug })).rejects.toThrow(
    'the disk is on fire',
  );
  expect(await storedThings()).toEqual([]);
  expect(await importCsv('name\nTea\n')).toMatchObject({ added: 1 });
});

it('reports its progress', async () => {
  const read: number[] = [];
  const csv = `name\n${Array.from({ length: 12_000 }, (_, index) => `Thing ${index}\n`).join('')}`;
  await importThings(site.db, Readable.from([csv]), { slug, onProgress: (rows) => read.push(rows) });
  expect(read).toEqual([5_000, 10_000, 12_000]);
});

it('seeds five topics, and changes nothing when it runs again', async () => {
  const seeded: string[] = [];
  await seed(site.db, ({ topic, added }) => seeded.push(`${topic.title} ${added > 40}`));
  expect(seeded).toEqual(
    ['Foods', 'Animals', 'Places to be', 'Inventions', 'Everyday joys'].map((name) => `${name} true`),
  );
  await seed(site.db, ({ added, changed }) => expect([added, changed]).toEqual([0, 0]));
  slug = 'joys';
  expect((await storedThings()).length).toBeGreaterThan(40);
});
