import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { importThings } from '../../../src/catalog/import-things.js';
import { openDatabase } from '../../../src/database.js';
import { Ranker } from '../../../src/ranking/ranker/ranker.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { foldAll, itOnPostgres, useSite } from '../../site.js';

const site = useSite();

let slug = '';
let topics = 0;
beforeEach(() => {
  slug = `topic-${++topics}`;
});

const createThings = (csv: string) => importThings(site.db, Readable.from([csv]), { slug });

const importCsv = (csv: string) => importVotes(site.db, Readable.from([csv]), { slug });

const errorOf = (csv: string): Promise<string> => importCsv(csv).then(unexpectedSuccess, messageOf);

const unexpectedSuccess = (): string => 'nothing was wrong';
const messageOf = (error: Error): string => error.message;

const storedVotes = () =>
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
  (await storedVotes()).map((vote) =>
    vote.outcome === 'tie' ? 'tie' : vote[vote.outcome === 'left' ? 'left' : 'right'],
  );

it('imports votes in the order of their times, with names and outcomes in any case', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  const result = await importCsv(
    'winner,loser,outcome,voter,at\n' +
      'Pie,Jam,,,\ntea,PIE,win,ann,2014-02-01T12:00:00+02:00\nJam,Tea,TIE,bob,2014-01-31\n',
  );
  expect(result).toMatchObject({ added: 3, existing: 0 });
  expect(await winners()).toEqual(['tie', 'Tea', 'Pie']);
  expect(await storedVotes()).toMatchObject([
    { importedAs: `${slug}/bob`, createdAt: new Date('2014-01-31T00:00:00Z'), strategy: 'import' },
    { importedAs: `${slug}/ann`, createdAt: new Date('2014-02-01T10:00:00Z') },
    { importedAs: null },
  ]);
});

it('counts a file once when it is imported again, and each of several equal votes without a voter', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  const csv = 'winner,loser,outcome\nTea,Pie,win\nTea,Pie,win\nJam,Pie,tie\n';
  expect(await importCsv(csv)).toMatchObject({ added: 3, existing: 0 });
  expect(await importCsv(csv)).toMatchObject({ added: 0, existing: 3 });
  const longer = 'winner,loser,outcome\nPie,Jam,tie\nTEA,pie,\nTea,Pie,win\nTea,Pie,win\n';
  expect(await importCsv(longer)).toMatchObject({ added: 1, existing: 3 });
  expect(await storedVotes()).toHaveLength(4);
});

it('puts about half of the winners on the left', async () => {
  await createThings('name\nTea\nPie\n');
  await importCsv(`winner,loser\n${'Tea,Pie\n'.repeat(400)}`);
  const left = (await storedVotes()).filter((vote) => vote.left === 'Tea').length;
  expect(left).toBeGreaterThan(140);
  expect(left).toBeLessThan(260);
});

it('accepts a vote on a retired thing', async () => {
  await createThings('name\nTea\nPie\n');
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', 'Pie').execute();
  expect(await importCsv('winner,loser\nTea,Pie\n')).toMatchObject({ added: 1 });
});

it('names the problem of each invalid vote, and imports none', async () => {
  await createThings('name\nTea\nPie\n');
  const message = await errorOf(
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
  expect(await storedVotes()).toEqual([]);
});

it('counts another answer of a voter to a pair when it is about another item', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  const aboutItems =
    'winner,loser,voter,item\nTea,Pie,ann,breakfast\nPie,Tea,ann,supper\nTea,Pie,ann,\nTea,Pie,bob,supper\n';
  expect(await importCsv(aboutItems)).toMatchObject({ added: 4, existing: 0 });
  expect(await importCsv(aboutItems)).toMatchObject({ added: 0, existing: 4 });
  expect(await errorOf('winner,loser,voter,item\nTea,Pie,cy,tea\nPie,Tea,cy,tea\n')).toBe(
    'row 3, column voter: "cy" has answered this pair in row 2 already',
  );
  expect(await errorOf('winner,loser,voter,item\nPie,Tea,ann,breakfast\n')).toBe(
    'row 2, column voter: "ann" has answered this pair in an earlier import, and that vote stands',
  );
  const alike = 'winner,loser,voter,item\nTea,Jam,a|b,\nTea,Jam,a,b\n';
  expect(await importCsv(alike)).toMatchObject({ added: 2, existing: 0 });
  expect(await errorOf('winner,loser,item\nPie,Jam,breakfast\n')).toBe(
    'row 2, column item: has no voter beside it',
  );
});

it('refuses a second answer of a voter to a pair, in one file and in a later one', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  const twice = 'winner,loser,voter\nTea,Pie,ann\nTea,Pie,bob\npie,tea,ann\n';
  expect(await errorOf(twice)).toBe('row 4, column voter: "ann" has answered this pair in row 2 already');
  const voters = await site.db
    .selectFrom('voters')
    .where('importedAs', 'like', `${slug}/%`)
    .selectAll()
    .execute();
  expect(voters).toEqual([]);

  await importCsv('winner,loser,voter\nTea,Pie,ann\n');
  expect(await errorOf('winner,loser,voter\nJam,Pie,ann\nPie,Tea,ann\n')).toBe(
    'row 3, column voter: "ann" has answered this pair in an earlier import, and that vote stands',
  );
  expect(await storedVotes()).toHaveLength(1);
});

it('lists the topics when there is none with the slug', async () => {
  expect(await errorOf('winner,loser\nTea,Pie\n')).toMatch(
    /^there is no topic "topic-\d+"; there are .*foods/,
  );
});

it('ranks imported votes, also equal ones at the same time', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  await importCsv(
    `winner,loser,at\n${'Jam,Pie,2014-01-31\n'.repeat(30)}${'Pie,Tea,2014-01-31\n'.repeat(30)}`,
  );
  await foldAll(site.db, new Ranker(site.db));
  await site.boards.refresh();
  expect(site.boards.get(slug)?.standings.map(({ name }) => name)).toEqual(['Jam', 'Pie', 'Tea']);
});

itOnPostgres(
  'imports files into one topic one after the other, so that a voter answers a pair once',
  async () => {
    await createThings('name\nTea\nPie\n');
    const files = ['Tea,Pie,ann', 'Pie,Tea,ann', 'Tea,Pie,ann'].map((row) => `winner,loser,voter\n${row}\n`);
    const results = await Promise.all(
      files.map((csv) => importCsv(csv).then(({ added }) => added, messageOf)),
    );
    const refused = results.filter((result) => typeof result === 'string');
    expect(refused).not.toEqual([]);
    for (const message of refused) expect(message).toContain('has answered this pair in an earlier import');
    expect(await storedVotes()).toHaveLength(1);
  },
);

itOnPostgres('waits for another import into the topic for longer than a statement may take', async () => {
  await createThings('name\nTea\nPie\n');
  // A short limit makes a wait under that limit fail within the test.
  const databaseUrl = `${site.config.databaseUrl}?statement_timeout=200`;
  const impatient = await openDatabase({ ...site.config, databaseUrl }, () => undefined);
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  async function* slowly() {
    yield 'winner,loser\n';
    await finished;
    yield 'Tea,Pie\n';
  }
  try {
    const first = importVotes(site.db, Readable.from(slowly()), { slug });
    const second = importVotes(impatient, Readable.from(['winner,loser\nPie,Tea\n']), { slug }).then(
      ({ added }) => added,
      messageOf,
    );
    // The second import now waits for longer than a statement may take.
    await sleep(1_000);
    finish();
    await first;
    expect(await second).toBe(1);
    const { rows } = await sql`show statement_timeout`.execute(impatient);
    expect(rows).toEqual([{ statementTimeout: '200ms' }]);
  } finally {
    await impatient.destroy();
  }
});

it('drops its temporary tables', async () => {
  await createThings('name\nTea\nPie\n');
  await importCsv('winner,loser\nTea,Pie\n');
  await errorOf('winner,loser\nTea,Nobody\n');
  const { rows } =
    await sql`select relname from pg_class where relpersistence = 't' and relkind = 'r'`.execute(site.db);
  expect(rows).toEqual([]);
});
