import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { Ranker } from '../../../src/ranking/ranker/ranker.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { foldAll, itOnPostgres, thingNames, topic, useSite } from '../../site.js';
import { expectCorrectRatings } from './expected-ratings.js';

/**
 * More votes than the ranker reads at a time, on so many things that it folds the votes in one transaction.
 */
const [VOTES, THINGS] = [12_000, 1_300];

const site = useSite();
let slug = '';
let topicId = 0;
let ids: number[] = [];
let topics = 0;

beforeAll(() => foldAll(site.db, new Ranker(site.db)));
beforeEach(() => makeTopic(THINGS));

async function makeTopic(things: number): Promise<void> {
  slug = `topic-${++topics}`;
  await topic(site, { slug, names: thingNames(things) });
  const rows = await site.db
    .selectFrom('things')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topics.slug', '=', slug)
    .select(['things.id', 'topicId'])
    .orderBy('things.id')
    .execute();
  topicId = rows[0]?.topicId ?? 0;
  ids = rows.map(({ id }) => id);
}

const csv = (votes = VOTES): string => {
  const rows = Array.from(
    { length: votes },
    (_, row) => `Thing ${1 + ((row * 7) % THINGS)},Thing ${1 + ((row * 7 + 1 + (row % 11)) % THINGS)}`,
  );
  return `winner,loser\n${rows.join('\n')}\n`;
};

/** Casts a vote in a transaction of its own. */
async function castVote(leftId: number, rightId: number): Promise<void> {
  await sql`
    insert into votes (ballot_id, topic_id, left_id, right_id, outcome, strategy)
    values (gen_random_uuid(), ${topicId}, ${leftId}, ${rightId}, 'left', 'import')`.execute(site.db);
}

const ratings = () =>
  site.db.selectFrom('ratings').where('topicId', '=', topicId).selectAll().orderBy('thingId').execute();

async function generation(): Promise<number> {
  const row = await site.db.selectFrom('rankerPosition').select('generation').executeTakeFirstOrThrow();
  return row.generation;
}

it('writes the ratings once for a large import, and once for the fit after it', async () => {
  const ranker = new Ranker(site.db);
  await importVotes(site.db, Readable.from([csv()]), { slug });
  const before = await generation();
  await foldAll(site.db, ranker);
  expect((await generation()) - before).toBe(2);
  await expectCorrectRatings(site.db, topicId);
});

it('has the same ratings after a large import as after a rebuild', async () => {
  await importVotes(site.db, Readable.from([csv()]), { slug });
  await foldAll(site.db, new Ranker(site.db));
  const live = await ratings();
  await site.db.updateTable('ratings').where('topicId', '=', topicId).set({ mean: 9, wins: 99 }).execute();
  await new Ranker(site.db).refit(topicId);
  expect(await ratings()).toEqual(live);
});

itOnPostgres('counts votes that are cast during a large import once', async () => {
  async function* slowCsv() {
    for (const line of csv().split(/(?<=\n)/)) {
      yield line;
      if (line.startsWith('Thing 1,')) await castVote(ids[0] ?? 0, ids[1] ?? 0);
    }
  }
  let isDone = false;
  const importing = importVotes(site.db, Readable.from(slowCsv()), { slug }).finally(() => {
    isDone = true;
  });
  const rankers = [new Ranker(site.db), new Ranker(site.db)];
  while (!isDone) await Promise.all(rankers.map((ranker) => ranker.fold()));
  await importing;
  await foldAll(site.db, ...rankers);
  await castVote(ids[2] ?? 0, ids[3] ?? 0);
  await foldAll(site.db, ...rankers);
  await expectCorrectRatings(site.db, topicId);
});

it('loses no vote when SQL adds a thing in the middle of a backlog', async () => {
  // Fewer votes than things, so that no fit follows: a fit would correct a mistake.
  await makeTopic(6_000);
  const ranker = new Ranker(site.db);
  await castVote(ids[0] ?? 0, ids[1] ?? 0);
  await foldAll(site.db, ranker);
  await importVotes(site.db, Readable.from([csv(5_200)]), { slug });
  const { id } = await site.db
    .insertInto('things')
    .values({ topicId, slug: 'late', name: 'Late' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await castVote(id, ids[0] ?? 0);
  await foldAll(site.db, ranker);
  await expectCorrectRatings(site.db, topicId);
});
