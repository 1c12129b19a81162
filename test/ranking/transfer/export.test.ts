import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, expect, it } from 'vitest';
import { importThings } from '../../../src/catalog/import-things.js';
import { exportRanking, exportThings, exportVotes } from '../../../src/ranking/transfer/export.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { member, useSite, vote } from '../../site.js';

const site = useSite();

let slug = '';
let topics = 0;
beforeEach(() => {
  slug = `topic-${++topics}`;
});

type Export = typeof exportThings;

async function exportCsv(write: Export, topic = slug): Promise<string> {
  const out = new PassThrough();
  const [csv] = await Promise.all([text(out), write(site.db, topic, out)]);
  return csv;
}

const createThings = (csv: string, topic = slug) =>
  importThings(site.db, Readable.from([csv]), { slug: topic });
const createVotes = (csv: string, topic = slug) =>
  importVotes(site.db, Readable.from([csv]), { slug: topic });

it('writes things as they were imported', async () => {
  const csv =
    'name,picture,description,link,text,tags,location,team\n' +
    'Tea,teapot.svg,"Hot, ""green""",https://example.org/tea,"# Tea\n\nA leaf.","hot, green",Table 4,The Leaves\n' +
    'Crème brûlée,,,,,,,\n';
  await createThings(csv);
  expect(await exportCsv(exportThings)).toBe(csv);
});

it('writes no cell as a formula, and imports it again unchanged', async () => {
  const names = ['=1+1', '+1', '-1', '@cell', "'=odd", "'quoted", '\uFF1D1'];
  const rows = await Promise.all(names.map((name) => `${name.startsWith("'=") ? "'" : ''}${name},${name}`));
  await createThings(`name,description\n${rows.join('\n')}\n`);
  const csv = await exportCsv(exportThings);
  for (const line of csv.trim().split('\n').slice(1)) expect(line).not.toMatch(/(^|,)[=+\-@\uFF1D]/);
  expect(await createThings(csv)).toMatchObject({ added: 0, changed: 0, unchanged: names.length });
  await createThings(csv, `${slug}-copy`);
  expect(await exportCsv(exportThings, `${slug}-copy`)).toBe(csv);
});

it('writes votes that count the same after an import, in the same topic and in another one', async () => {
  await createThings('name\nTea\nPie\nJam\n');
  await createVotes(
    'winner,loser,outcome,voter,item,at\nPie,Tea,,ann,lunch,2014-01-31\nTea,Jam,tie,ann,,2014-02-01T10:00:00.5Z\nTea,Pie,,,,2015-01-01\n',
  );
  const csv = await exportCsv(exportVotes);
  const [header, first, second, third] = csv.split('\n');
  expect(header).toBe('winner,loser,outcome,voter,item,at');
  expect(first).toBe('Pie,Tea,win,ann,lunch,2014-01-31T00:00:00Z');
  expect(second).toMatch(/^(Tea,Jam|Jam,Tea),tie,ann,,2014-02-01T10:00:00\.500000Z$/);
  expect(third).toBe('Tea,Pie,win,,,2015-01-01T00:00:00Z');

  expect(await createVotes(csv)).toMatchObject({ added: 0, existing: 3 });
  await createThings('name\nTea\nPie\nJam\n', `${slug}-copy`);
  await createVotes(csv, `${slug}-copy`);
  const withoutSides = (lines: string) =>
    lines.replace(/^(\w+),(\w+),tie/gm, (_, ...sides) => `${sides.slice(0, 2).sort()},tie`);
  expect(withoutSides(await exportCsv(exportVotes, `${slug}-copy`))).toBe(withoutSides(csv));
});

it('writes only standing votes, with members as numbers that no imported voter has', async () => {
  await createThings('name\nRamen\nSushi\nPizza\nSalad\nCake\n', 'foods');
  await site.boards.refresh();
  const ann = await member(site, { username: 'ann' });
  await createVotes(`winner,loser,voter\nCake,Sushi,v${ann.id}\n`, 'foods');
  const standing = await vote(ann.browser, 'left');
  await vote(ann.browser, 'skip');
  await vote(ann.browser, 'right');
  await ann.browser.post('/vote/undo').expect(303);

  const lines = (await exportCsv(exportVotes, 'foods')).trim().split('\n').slice(1);
  expect(lines.map((line) => line.split(',').slice(0, 4).join())).toEqual([
    `Cake,Sushi,win,v${ann.id}`,
    `${standing.left},${standing.right},win,vv${ann.id}`,
  ]);
  expect(lines.join()).not.toContain('ann');
});

it('writes the ranking in the order of the board, with numbers as numbers', async () => {
  await createThings('name\nTea\nPie\n=Jam\nOld\nNew\n');
  await createVotes('winner,loser,outcome\nPie,Tea,win\nPie,Tea,win\nPie,=Jam,win\nTea,=Jam,tie\n');
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', 'Old').execute();
  await site.rank();
  const csv = await exportCsv(exportRanking);
  const [header, ...lines] = csv.trim().split('\n');
  expect(header).toBe('rank,name,score,low,high,wins,losses,ties,votes,rank_low,rank_high,goal_chance');
  const rows = lines.map((line) => line.split(','));
  const board = site.boards.get(slug)?.standings ?? [];
  expect(rows.map(([rank, name]) => [Number(rank), name?.replace("'", '')])).toEqual(
    board.map(({ rank, name }) => [rank, name]),
  );
  expect(rows[0]?.slice(5)).toEqual([
    '3',
    '0',
    '0',
    '3',
    '1',
    expect.any(String),
    expect.stringMatching(/^0\.\d{4}$/),
  ]);
  expect(rows.find(([, name]) => name === 'New')?.slice(2, 9)).toEqual([
    '0.000000',
    '-1.960000',
    '1.960000',
    '0',
    '0',
    '0',
    '0',
  ]);
  for (const [index, row] of rows.entries()) {
    const [score, low, high] = row.slice(2, 5).map(Number) as [number, number, number];
    const { mean = Number.NaN, variance = Number.NaN } = board[index] ?? {};
    expect(score).toBeCloseTo(mean, 5);
    expect(high - low).toBeCloseTo(2 * 1.96 * Math.sqrt(variance), 5);
  }
});

it('writes every vote once when the export takes several pages', async () => {
  await createThings('name\nTea\nPie\n');
  const rows = Array.from({ length: 12_000 }, (_, index) => `Tea,Pie,voter ${index}\n`);
  await createVotes(`winner,loser,voter\n${rows.join('')}`);
  const lines = (await exportCsv(exportVotes)).trim().split('\n').slice(1);
  expect(lines).toHaveLength(12_000);
  expect(new Set(lines.map((line) => line.split(',')[3])).size).toBe(12_000);
});

it('ends without an error when the reader closes the stream early', async () => {
  await createThings('name\nTea\nPie\n');
  await createVotes(`winner,loser\n${'Tea,Pie\n'.repeat(20_000)}`);
  const out = new PassThrough();
  out.once('data', () => out.destroy());
  await expect(exportVotes(site.db, slug, out)).resolves.toBeUndefined();
});

it.each([exportThings, exportVotes, exportRanking])(
  'fails when there is no such topic: %o',
  async (write) => {
    await expect(write(site.db, 'nowhere', new PassThrough())).rejects.toThrow('there is no topic "nowhere"');
  },
);
