import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { Ranker } from '../../src/ranking/ranker/ranker.js';
import { importVotes } from '../../src/ranking/transfer/import-votes.js';
import { foldAll, itOnPostgres, thingNames, topic, useSite } from '../site.js';
import { expectRightRatings } from './expected.js';

/** More votes than the ranker reads at a time, and so many things that it folds them in one transaction. */
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

/** Votes as a page casts them, each in a transaction of its own. */
async function cast(leftId: number, rightId: number): Promise<void> {
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

it('writes the ranks once for a large import, and once for the fit after it', async () => {
  const ranker = new Ranker(site.db);
  await importVotes(site.db, Readable.from([csv()]), { slug });
  const before = await generation();
  await foldAll(site.db, ranker);
  expect((await generation()) - before).toBe(2);
  await expectRightRatings(site.db, topicId);
});

it('stands after a large import where a rebuild ends, to the last digit', async () => {
  await importVotes(site.db, Readable.from([csv()]), { slug });
  await foldAll(site.db, new Ranker(site.db));
  const live = await ratings();
  await site.db.updateTable('ratings').where('topicId', '=', topicId).set({ mean: 9, wins: 99 }).execute();
  await new Ranker(site.db).refit(topicId);
  expect(await ratings()).toEqual(live);
});

itOnPostgres('counts votes that are cast during a large import once', async () => {
  async function* slowly() {
    for (const line of csv().split(/(?<=\n)/)) {
      yield line;
      if (line.startsWith('Thing 1,')) await cast(ids[0] ?? 0, ids[1] ?? 0);
    }
  }
  let isOver = false;
  const importing = importVotes(site.db, Readable.from(slowly()), { slug }).finally(() => {
    isOver = true;
  });
  const rankers = [new Ranker(site.db), new Ranker(site.db)];
  while (!isOver) await Promise.all(rankers.map((ranker) => ranker.fold()));
  await importing;
  await foldAll(site.db, ...rankers);
  await cast(ids[2] ?? 0, ids[3] ?? 0);
  await foldAll(site.db, ...rankers);
  await expectRightRatings(site.db, topicId);
});

it('forgets no vote when a thing turns up in the middle that nobody announced', async () => {
  // Fewer votes than things, so that no fit follows, which would set right what went wrong.
  await makeTopic(6_000);
  const ranker = new Ranker(site.db);
  await cast(ids[0] ?? 0, ids[1] ?? 0);
  await foldAll(site.db, ranker);
  await importVotes(site.db, Readable.from([csv(5_200)]), { slug });
  const { id } = await site.db
    .insertInto('things')
    .values({ topicId, slug: 'late', name: 'Late' })
    .returning('id')
    .executeTakeFirstOrThrow();
  await cast(id, ids[0] ?? 0);
  await foldAll(site.db, ranker);
  await expectRightRatings(site.db, topicId);
});
