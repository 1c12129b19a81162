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

async function exported(write: Export, topic = slug): Promise<string> {
  const out = new PassThrough();
  const [csv] = await Promise.all([text(out), write(site.db, topic, out)]);
  return csv;
}

const bringThings = (csv: string, topic = slug) =>
  importThings(site.db, Readable.from([csv]), { slug: topic });
const bringVotes = (csv: string, topic = slug) => importVotes(site.db, Readable.from([csv]), { slug: topic });

it('writes things as they came', async () => {
  const csv =
    'name,picture,description,link\nTea,tea.svg,"Hot, ""green""",https://example.org/tea\nCrème brûlée,,,\n';
  await bringThings(csv);
  expect(await exported(exportThings)).toBe(csv);
});

it('lets no cell be a formula, and takes it back as it was', async () => {
  const names = ['=1+1', '+1', '-1', '@cell', "'=odd", "'quoted", '\uFF1D1'];
  const rows = await Promise.all(names.map((name) => `${name.startsWith("'=") ? "'" : ''}${name},${name}`));
  await bringThings(`name,description\n${rows.join('\n')}\n`);
  const csv = await exported(exportThings);
  for (const line of csv.trim().split('\n').slice(1)) expect(line).not.toMatch(/(^|,)[=+\-@\uFF1D]/);
  expect(await bringThings(csv)).toMatchObject({ added: 0, changed: 0, unchanged: names.length });
  await bringThings(csv, `${slug}-copy`);
  expect(await exported(exportThings, `${slug}-copy`)).toBe(csv);
});

it('writes votes so that importing them means the same, here and in another topic', async () => {
  await bringThings('name\nTea\nPie\nJam\n');
  await bringVotes(
    'winner,loser,outcome,voter,at\nPie,Tea,,ann,2014-01-31\nTea,Jam,tie,ann,2014-02-01T10:00:00.5Z\nTea,Pie,,,2015-01-01\n',
  );
  const csv = await exported(exportVotes);
  const [header, first, second, third] = csv.split('\n');
  expect(header).toBe('winner,loser,outcome,voter,at');
  expect(first).toBe('Pie,Tea,win,ann,2014-01-31T00:00:00Z');
  expect(second).toMatch(/^(Tea,Jam|Jam,Tea),tie,ann,2014-02-01T10:00:00\.500000Z$/);
  expect(third).toBe('Tea,Pie,win,,2015-01-01T00:00:00Z');

  expect(await bringVotes(csv)).toMatchObject({ added: 0, already: 3 });
  await bringThings('name\nTea\nPie\nJam\n', `${slug}-copy`);
  await bringVotes(csv, `${slug}-copy`);
  const sidesAside = (lines: string) =>
    lines.replace(/^(\w+),(\w+),tie/gm, (_, ...sides) => `${sides.slice(0, 2).sort()},tie`);
  expect(sidesAside(await exported(exportVotes, `${slug}-copy`))).toBe(sidesAside(csv));
});

it('writes standing votes alone, with members as numbers that no imported voter has', async () => {
  await bringThings('name\nRamen\nSushi\nPizza\nSalad\nCake\n', 'foods');
  await site.boards.refresh();
  const ann = await member(site, { username: 'ann' });
  await bringVotes(`winner,loser,voter\nCake,Sushi,v${ann.id}\n`, 'foods');
  const kept = await vote(ann.browser, 'left');
  await vote(ann.browser, 'skip');
  await vote(ann.browser, 'right');
  await ann.browser.post('/vote/undo').expect(303);

  const lines = (await exported(exportVotes, 'foods')).trim().split('\n').slice(1);
  expect(lines.map((line) => line.split(',').slice(0, 4).join())).toEqual([
    `Cake,Sushi,win,v${ann.id}`,
    `${kept.left},${kept.right},win,vv${ann.id}`,
  ]);
  expect(lines.join()).not.toContain('ann');
});

it('writes the ranking as the board has it, with numbers that stay numbers', async () => {
  await bringThings('name\nTea\nPie\n=Jam\nOld\nNew\n');
  await bringVotes('winner,loser,outcome\nPie,Tea,win\nPie,Tea,win\nPie,=Jam,win\nTea,=Jam,tie\n');
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('name', '=', 'Old').execute();
  await site.rank();
  const csv = await exported(exportRanking);
  const [header, ...lines] = csv.trim().split('\n');
  expect(header).toBe('rank,name,score,low,high,wins,losses,ties,votes');
  const rows = lines.map((line) => line.split(','));
  const board = site.boards.get(slug)?.standings ?? [];
  expect(rows.map(([rank, name]) => [Number(rank), name?.replace("'", '')])).toEqual(
    board.map(({ rank, name }) => [rank, name]),
  );
  expect(rows[0]?.slice(5)).toEqual(['3', '0', '0', '3']);
  expect(rows.find(([, name]) => name === 'New')?.slice(2)).toEqual([
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

it('writes every vote once, over many pages', async () => {
  await bringThings('name\nTea\nPie\n');
  const rows = Array.from({ length: 12_000 }, (_, index) => `Tea,Pie,voter ${index}\n`);
  await bringVotes(`winner,loser,voter\n${rows.join('')}`);
  const lines = (await exported(exportVotes)).trim().split('\n').slice(1);
  expect(lines).toHaveLength(12_000);
  expect(new Set(lines.map((line) => line.split(',')[3])).size).toBe(12_000);
});

it('ends quietly when whoever reads has read enough', async () => {
  await bringThings('name\nTea\nPie\n');
  await bringVotes(`winner,loser\n${'Tea,Pie\n'.repeat(20_000)}`);
  const out = new PassThrough();
  out.once('data', () => out.destroy());
  await expect(exportVotes(site.db, slug, out)).resolves.toBeUndefined();
});

it.each([exportThings, exportVotes, exportRanking])('says when there is no such topic: %o', async (write) => {
  await expect(write(site.db, 'nowhere', new PassThrough())).rejects.toThrow('there is no topic "nowhere"');
});
