import { Readable } from 'node:stream';
import { beforeEach, expect, it } from 'vitest';
import { mergeThing, unmergeThing } from '../../../src/catalog/merge-things.js';
import { readMerges } from '../../../src/ranking/ranker/merges.js';
import { readPairsWith } from '../../../src/ranking/ranker/pair-counts.js';
import { Ranker } from '../../../src/ranking/ranker/ranker.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { member, topic, useSite } from '../../site.js';

const site = useSite();

let topics = 0;
let slug = '';
let topicId = 0;
let ids: Record<string, number> = {};
let userId = 0;
beforeEach(async () => {
  ({ topicId, ids, slug } = await newTopic(['Tea', 'Chai', 'Pie', 'Jam']));
  userId = (await member(site)).id;
});

async function newTopic(names: string[]) {
  const { slug } = await topic(site, { slug: `merging-${++topics}`, names });
  const things = await site.db
    .selectFrom('things')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topics.slug', '=', slug)
    .select(['things.id', 'name', 'topicId'])
    .execute();
  return {
    slug,
    topicId: things[0]?.topicId ?? 0,
    ids: Object.fromEntries(things.map(({ id, name }) => [name, id])),
  };
}

/** Imports votes such as `Tea>Pie ann`, oldest first; `=` is a tie. */
async function castVotes(votes: string[], into = slug): Promise<void> {
  const rows = votes.map((vote, index) => {
    const [, one, sign, other, voter, item = ''] = /^(\w+)([>=])(\w+) (\w+)(?: (\w+))?$/.exec(vote) ?? [];
    return `${one},${other},${sign === '=' ? 'tie' : 'win'},${voter},${item},2020-01-01T00:00:0${index % 10}Z`;
  });
  await importVotes(site.db, Readable.from([`winner,loser,outcome,voter,item,at\n${rows.join('\n')}\n`]), {
    slug: into,
  });
  await site.rank();
}

const merge = async (from: string, into: string): Promise<boolean> => {
  const change = { topicId, thingId: ids[from] ?? 0, userId };
  const isMerged = await site.db.transaction().execute((trx) => mergeThing(trx, change, ids[into] ?? 0));
  await site.rank();
  return isMerged;
};

const unmerge = async (name: string): Promise<void> => {
  const change = { topicId, thingId: ids[name] ?? 0, userId };
  await site.db.transaction().execute((trx) => unmergeThing(trx, change));
  await site.rank();
};

const ratingsOf = (of = topicId) =>
  site.db
    .selectFrom('ratings')
    .innerJoin('things', 'things.id', 'thingId')
    .where('ratings.topicId', '=', of)
    .select(['name', 'mean', 'variance', 'wins', 'losses', 'ties'])
    .orderBy('name')
    .execute();

/** Wins, losses and ties of each thing that has any. */
async function counts(): Promise<Record<string, number[]>> {
  return Object.fromEntries(
    (await ratingsOf()).map(({ name, wins, losses, ties }) => [name, [wins, losses, ties]]),
  );
}

const VOTES = ['Tea>Pie a', 'Chai>Pie b', 'Chai>Jam c', 'Pie>Tea d', 'Tea=Jam e', 'Jam>Pie f'];

it('counts the votes of a merged thing for the other one, as if they had been about it from the start', async () => {
  await castVotes([...VOTES, 'Tea>Chai a', 'Chai=Tea b']);
  expect(await merge('Chai', 'Tea')).toBe(true);
  expect(await counts()).toEqual({ Tea: [3, 1, 1], Pie: [1, 3, 0], Jam: [1, 1, 1] });
  expect(site.boards.get(slug)?.standings.map(({ name }) => name)).toEqual(['Tea', 'Jam', 'Pie']);

  const same = await newTopic(['Tea', 'Pie', 'Jam']);
  await castVotes(
    VOTES.map((vote) => vote.replace('Chai', 'Tea')),
    same.slug,
  );
  await new Ranker(site.db).refit(same.topicId);
  const expected = await ratingsOf(same.topicId);
  expect(await ratingsOf()).toEqual(
    expected.map(({ mean, variance, ...rest }) => ({
      ...rest,
      mean: expect.closeTo(mean, 6),
      variance: expect.closeTo(variance, 6),
    })),
  );
});

it('brings everything back when the merge is undone', async () => {
  await castVotes([...VOTES, 'Tea>Chai a', 'Chai=Tea b', 'Chai>Pie a']);
  await new Ranker(site.db).refit(topicId);
  const before = await ratingsOf();
  await merge('Chai', 'Tea');
  expect(await ratingsOf()).not.toEqual(before);
  await unmerge('Chai');
  expect(await ratingsOf()).toEqual(before);
  expect(site.boards.get(slug)?.size).toBe(4);
});

it('counts a person once who answered a pair about both things: the latest answer', async () => {
  await castVotes(['Tea>Pie ann', 'Pie>Chai ann', 'Chai>Jam ann', 'Jam>Tea bob']);
  await merge('Chai', 'Tea');
  expect(await counts()).toEqual({ Tea: [1, 2, 0], Pie: [1, 0, 0], Jam: [1, 1, 0] });
  await unmerge('Chai');
  expect(await counts()).toEqual({ Tea: [1, 1, 0], Chai: [1, 1, 0], Pie: [1, 1, 0], Jam: [1, 1, 0] });
});

it('counts answers about different items each, and votes without a voter', async () => {
  await castVotes(['Tea>Pie ann taste', 'Chai>Pie ann look', 'Chai>Pie ann taste']);
  await merge('Chai', 'Tea');
  expect(await counts()).toEqual({ Tea: [2, 0, 0], Pie: [0, 2, 0] });
});

it('replaces an earlier answer also when the later one comes after the merge', async () => {
  await castVotes(['Chai>Pie ann', 'Jam>Pie bob']);
  await merge('Chai', 'Tea');
  await castVotes(['Pie>Tea ann']);
  expect(await counts()).toEqual({ Tea: [0, 1, 0], Pie: [1, 1, 0], Jam: [1, 0, 0] });
});

it('follows a chain of merges, and refuses cycles', async () => {
  await castVotes(['Chai>Pie ann', 'Tea>Pie bob', 'Jam>Pie cid', 'Jam>Chai cid']);
  await merge('Chai', 'Tea');
  await merge('Tea', 'Jam');
  expect(await counts()).toEqual({ Jam: [3, 0, 0], Pie: [0, 3, 0] });
  expect(await merge('Jam', 'Chai')).toBe(false);
  expect(await merge('Pie', 'Pie')).toBe(false);
  await unmerge('Tea');
  expect(await counts()).toEqual({ Tea: [2, 1, 0], Jam: [2, 0, 0], Pie: [0, 3, 0] });
});

it('adds up the published counts of the pairs', async () => {
  const voters = Array.from({ length: 12 }, (_, index) => `v${index}`);
  await castVotes(voters.flatMap((voter) => [`Chai>Pie ${voter}`, `Tea>Jam ${voter}`, `Tea>Chai ${voter}`]));
  const pairs = async (name: string) => {
    const records = await readPairsWith(site.db, {
      thingId: ids[name] ?? 0,
      merges: await readMerges(site.db, topicId),
    });
    const nameOf = (id: number) => Object.keys(ids).find((name) => ids[name] === id);
    return records
      .map(({ low, high, lowWins, highWins }) => [nameOf(low), nameOf(high), lowWins, highWins])
      .sort();
  };
  await merge('Chai', 'Tea');
  expect(await pairs('Tea')).toEqual([
    ['Tea', 'Jam', 12, 0],
    ['Tea', 'Pie', 12, 0],
  ]);
  expect(await pairs('Pie')).toEqual([['Tea', 'Pie', 12, 0]]);
  await unmerge('Chai');
  expect(await pairs('Pie')).toEqual([['Chai', 'Pie', 12, 0]]);
});
