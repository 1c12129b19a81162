import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { importThings } from '../../src/catalog/import-things.js';
import { seed } from '../../src/catalog/seed.js';
import { openDatabase } from '../../src/database.js';
import { Ranker } from '../../src/ranking/ranker/ranker.js';
import { importVotes } from '../../src/ranking/transfer/import-votes.js';
import { foldAll, itOnPostgres, useSite } from '../site.js';

const site = useSite();

let slug = '';
let topics = 0;
beforeEach(() => {
  slug = `topic-${++topics}`;
});

const bringThings = (csv: string | Buffer, words: { title?: string; question?: string } = {}) =>
  importThings(site.db, Readable.from([csv]), { slug, ...words });

const bringVotes = (csv: string | Buffer) => importVotes(site.db, Readable.from([csv]), { slug });

const wrongThings = (csv: string | Buffer): Promise<string> => bringThings(csv).then(unexpected, messageOf);
const wrongVotes = (csv: string | Buffer): Promise<string> => bringVotes(csv).then(unexpected, messageOf);

const unexpected = (): string => 'nothing was wrong';
const messageOf = (error: Error): string => error.message;

const things = () =>
  site.db
    .selectFrom('things')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topics.slug', '=', slug)
    .select(['name', 'things.slug', 'picture', 'description', 'link'])
    .orderBy('things.id')
    .execute();

const votes = () =>
  site.db
    .selectFrom('votes')
    .innerJoin('topics', 'topics.id', 'votes.topicId')
    .innerJoin('things as l', 'l.id', 'leftId')
    .innerJoin('things as r', 'r.id', 'rightId')
    .leftJoin('voters', 'voters.id', 'voterId')
    .where('topics.slug', '=', slug)
    .select([
      'l.name as left',
      'r.name as right',
      'outcome',
      'importedAs',
      'votes.createdAt',
      'strategy',
      'ballotId',
    ])
    .orderBy('votes.id')
    .execute();

const winners = async () =>
  (await votes()).map((vote) =>
    vote.outcome === 'tie' ? 'tie' : vote[vote.outcome === 'left' ? 'left' : 'right'],
  );

it('brings things into a topic that it makes, and shows them', async () => {
  const result = await bringThings(
    'name,picture,description,link\n' +
      'Crème brûlée,food/creme.svg,"Crack, then custard",https://example.org/c\nTea,,,\n',
    { title: 'Sweet things', question: 'Which is sweeter?' },
  );
  expect(result).toMatchObject({ added: 2, changed: 0, unchanged: 0, topic: { title: 'Sweet things' } });
  expect(await things()).toEqual([
    {
      name: 'Crème brûlée',
      slug: 'creme-brulee',
      picture: 'food/creme.svg',
      description: 'Crack, then custard',
      link: 'https://example.org/c',
    },
    { name: 'Tea', slug: 'tea', picture: null, description: null, link: null },
  ]);
  await site.boards.refresh();
  expect(site.boards.get(slug)).toMatchObject({ size: 2, topic: { question: 'Which is sweeter?' } });
});

it('names a topic after its slug when nobody says what it is called', async () => {
  slug = 'national-teams';
  expect((await bringThings('name\nJapan\n')).topic.title).toBe('National teams');
});

it('changes nothing the second time, and only what a cell says the third', async () => {
  const csv = 'name,description\nTea,Hot\nCake,Soft\n';
  await bringThings(csv);
  await site.boards.refresh();
  const version = site.boards.get(slug)?.version;
  expect(await bringThings(csv)).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
  await site.boards.refresh();
  expect(site.boards.get(slug)?.version).toBe(version);

  const more = await bringThings('name,description,picture\nTEA,,tea.svg\nPie,,\n');
  expect(more).toMatchObject({ added: 1, changed: 1, unchanged: 0 });
  expect(await things()).toMatchObject([
    { name: 'TEA', description: 'Hot', picture: 'tea.svg' },
    { name: 'Cake', description: 'Soft' },
    { name: 'Pie' },
  ]);
});

it('reads what spreadsheets write: a byte order mark, CRLF, quotes, blank rows, columns of their own', async () => {
  const csv =
    '\uFEFF"Name ",Colour,DESCRIPTION\r\n Tea ,green,"two\r\nlines, ""quoted"""\r\n\r\n,,\r\nPie,,\r\n';
  const bytes = [...Buffer.from(csv)].map((byte) => Buffer.from([byte]));
  await importThings(site.db, Readable.from(bytes), { slug });
  expect(await things()).toMatchObject([
    { name: 'Tea', description: 'two lines, "quoted"' },
    { name: 'Pie' },
  ]);
});

it('says of each row what is wrong with it, and keeps nothing of the file', async () => {
  const message = await wrongThings(
    `name,picture,link\nTea,,\n,x.svg,\nPie,../x.svg,\nCake,,javascript:alert(1)\n${'x'.repeat(81)},,\ntea,,\nJam\n`,
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

it('counts what it does not list', async () => {
  const message = await wrongThings(`name,link\n${'Tea,nonsense\n'.repeat(12_000)}`);
  expect(message.split('\n')).toHaveLength(21);
  expect(message).toMatch(/^row 2, .*\nand 11,980 more$/s);
});

it.each([
  [
    'no required column',
    'title;link\nTea;\n',
    'row 1: there is no column name; the first row is "title;link"',
  ],
  ['nothing in it', '', 'row 1: the file is empty'],
  ['two columns of a name', 'name,Name\nTea,Pie\n', 'row 1, column name: there are two of this name'],
  [
    'an encoding of old',
    Buffer.from('name\nCafé\n', 'latin1'),
    'row 2, column name: "Caf\uFFFD" is not valid UTF-8',
  ],
  ['an open quote', 'name\nTea\n"Pie\n', 'row 3: a quote is opened and never closed'],
  ['a quote inside a cell', 'name\n5" pie\n', 'row 2: a quote stands inside a cell'],
])('refuses a file with %s', async (_case, csv, message) => {
  expect(await wrongThings(csv)).toContain(message);
});

it.each(['Foods', 'a--b', '-a', '', 'x'.repeat(61)])('refuses %j as a slug', async (wrong) => {
  slug = wrong;
  expect(await wrongThings('name\nTea\n')).toContain("can't be a topic's slug");
});

it('fails as the source fails, and leaves nothing', async () => {
  async function* broken() {
    yield 'name\nTea\n';
    throw new Error('the disk is on fire');
  }
  await expect(importThings(site.db, Readable.from(broken()), { slug })).rejects.toThrow(
    'the disk is on fire',
  );
  expect(await things()).toEqual([]);
  expect(await bringThings('name\nTea\n')).toMatchObject({ added: 1 });
});

it('tells how far it is', async () => {
  const read: number[] = [];
  const csv = `name\n${Array.from({ length: 12_000 }, (_, index) => `Thing ${index}\n`).join('')}`;
  await importThings(site.db, Readable.from([csv]), { slug, onProgress: (rows) => read.push(rows) });
  expect(read).toEqual([5_000, 10_000, 12_000]);
});

it('brings votes in the order of their time, whatever side and case they have', async () => {
  await bringThings('name\nTea\nPie\nJam\n');
  const result = await bringVotes(
    'winner,loser,outcome,voter,at\n' +
      'Pie,Jam,,,\ntea,PIE,win,ann,2014-02-01T12:00:00+02:00\nJam,Tea,TIE,bob,2014-01-31\n',
  );
  expect(result).toMatchObject({ added: 3, already: 0 });
  expect(await winners()).toEqual(['tie', 'Tea', 'Pie']);
  expect(await votes()).toMatchObject([
    { importedAs: `${slug}/bob`, createdAt: new Date('2014-01-31T00:00:00Z'), strategy: 'import' },
    { importedAs: `${slug}/ann`, createdAt: new Date('2014-02-01T10:00:00Z') },
    { importedAs: null },
  ]);
});

it('counts a file once however often it comes, and identical answers of nobody in particular each', async () => {
  await bringThings('name\nTea\nPie\nJam\n');
  const csv = 'winner,loser,outcome\nTea,Pie,win\nTea,Pie,win\nJam,Pie,tie\n';
  expect(await bringVotes(csv)).toMatchObject({ added: 3, already: 0 });
  expect(await bringVotes(csv)).toMatchObject({ added: 0, already: 3 });
  const longer = 'winner,loser,outcome\nPie,Jam,tie\nTEA,pie,\nTea,Pie,win\nTea,Pie,win\n';
  expect(await bringVotes(longer)).toMatchObject({ added: 1, already: 3 });
  expect(await votes()).toHaveLength(4);
});

it('has the winner on either side', async () => {
  await bringThings('name\nTea\nPie\n');
  await bringVotes(`winner,loser\n${'Tea,Pie\n'.repeat(400)}`);
  const left = (await votes()).filter((vote) => vote.left === 'Tea').length;
  expect(left).toBeGreaterThan(140);
  expect(left).toBeLessThan(260);
});

it('takes a vote on a thing that was retired', async () => {
  await bringThings('name\nTea\nPie\n');
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', 'Pie').execute();
  expect(await bringVotes('winner,loser\nTea,Pie\n')).toMatchObject({ added: 1 });
});

it('says of each vote what is wrong with it, and keeps none', async () => {
  await bringThings('name\nTea\nPie\n');
  const message = await wrongVotes(
    'winner,loser,outcome,at\n' +
      'Tea,Pie,,\nTea,Nowhere,,\nTea,TEA,,\nTea,Pie,draw,\nTea,Pie,,2014-02-30\nTea,Pie,,2999-01-01\n' +
      'Tea,Pie,,2014-01-31T10:00\nTea,Pie,,31.1.2014\nTea,Pie,,2014-01-31T25:00Z\n,Pie,,\n',
  );
  expect(message.split('\n')).toEqual([
    'row 3, column loser: "Nowhere" is not a thing of this topic',
    'row 4: "Tea" is both winner and loser',
    'row 5, column outcome: "draw" is neither win nor tie',
    'row 6, column at: "2014-02-30" is not a date in the calendar',
    'row 7, column at: "2999-01-01" is in the future',
    expect.stringMatching(/^row 8, column at: "2014-01-31T10:00" has no time zone/),
    expect.stringMatching(/^row 9, column at: "31\.1\.2014" is not a date such as/),
    expect.stringMatching(/^row 10, column at: "2014-01-31T25:00Z" has no such time of day/),
    'row 11, column winner: is empty',
  ]);
  expect(await votes()).toEqual([]);
});

it('lets a voter answer a pair once, in a file and over files', async () => {
  await bringThings('name\nTea\nPie\nJam\n');
  const twice = 'winner,loser,voter\nTea,Pie,ann\nTea,Pie,bob\npie,tea,ann\n';
  expect(await wrongVotes(twice)).toBe('row 4, column voter: "ann" has answered this pair in row 2 already');
  const voters = await site.db
    .selectFrom('voters')
    .where('importedAs', 'like', `${slug}/%`)
    .selectAll()
    .execute();
  expect(voters).toEqual([]);

  await bringVotes('winner,loser,voter\nTea,Pie,ann\n');
  expect(await wrongVotes('winner,loser,voter\nJam,Pie,ann\nPie,Tea,ann\n')).toBe(
    'row 3, column voter: "ann" has answered this pair in an earlier import, and that vote stands',
  );
  expect(await votes()).toHaveLength(1);
});

it('says which topics there are when there is none of that name', async () => {
  expect(await wrongVotes('winner,loser\nTea,Pie\n')).toMatch(
    /^there is no topic "topic-\d+"; there are .*foods/,
  );
});

it('ranks imported votes, also those in which thing and time are the same', async () => {
  await bringThings('name\nTea\nPie\nJam\n');
  await bringVotes(
    `winner,loser,at\n${'Jam,Pie,2014-01-31\n'.repeat(30)}${'Pie,Tea,2014-01-31\n'.repeat(30)}`,
  );
  await foldAll(site.db, new Ranker(site.db));
  await site.boards.refresh();
  expect(site.boards.get(slug)?.standings.map(({ name }) => name)).toEqual(['Jam', 'Pie', 'Tea']);
});

itOnPostgres(
  'takes turns with another import, so that two files at once bind a voter as two in turn',
  async () => {
    await bringThings('name\nTea\nPie\n');
    const files = ['Tea,Pie,ann', 'Pie,Tea,ann', 'Tea,Pie,ann'].map((row) => `winner,loser,voter\n${row}\n`);
    const ends = await Promise.all(files.map((csv) => bringVotes(csv).then(({ added }) => added, messageOf)));
    const refused = ends.filter((end) => typeof end === 'string');
    expect(refused).not.toEqual([]);
    for (const message of refused) expect(message).toContain('has answered this pair in an earlier import');
    expect(await votes()).toHaveLength(1);
  },
);

itOnPostgres('waits for another import into the topic, however long that takes', async () => {
  await bringThings('name\nTea\nPie\n');
  // The shorter a statement may take, the sooner a wait that is bound by it fails.
  const databaseUrl = `${site.config.databaseUrl}?statement_timeout=200`;
  const hasty = await openDatabase({ ...site.config, databaseUrl }, () => undefined);
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  async function* slowly() {
    yield 'winner,loser\n';
    await held;
    yield 'Tea,Pie\n';
  }
  try {
    const first = importVotes(site.db, Readable.from(slowly()), { slug });
    const second = importVotes(hasty, Readable.from(['winner,loser\nPie,Tea\n']), { slug }).then(
      ({ added }) => added,
      messageOf,
    );
    // Longer than a statement may take, and after the second has begun to wait.
    await sleep(1_000);
    finish();
    await first;
    expect(await second).toBe(1);
    const { rows } = await sql`show statement_timeout`.execute(hasty);
    expect(rows).toEqual([{ statementTimeout: '200ms' }]);
  } finally {
    await hasty.destroy();
  }
});

it('leaves no table of its own behind', async () => {
  await bringThings('name\nTea\nPie\n');
  await bringVotes('winner,loser\nTea,Pie\n');
  await wrongVotes('winner,loser\nTea,Nobody\n');
  const { rows } =
    await sql`select relname from pg_class where relpersistence = 't' and relkind = 'r'`.execute(site.db);
  expect(rows).toEqual([]);
});

it('seeds five topics, once', async () => {
  const filled: string[] = [];
  await seed(site.db, ({ topic, added }) => filled.push(`${topic.title} ${added > 40}`));
  expect(filled).toEqual(
    ['Foods', 'Animals', 'Places to be', 'Inventions', 'Everyday joys'].map((name) => `${name} true`),
  );
  await seed(site.db, ({ added, changed }) => expect([added, changed]).toEqual([0, 0]));
  slug = 'joys';
  expect((await things()).length).toBeGreaterThan(40);
});
