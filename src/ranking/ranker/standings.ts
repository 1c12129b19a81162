import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { estimatesOf } from '../math/online-update.js';
import type { RankWorkerPool } from './rank-worker-pool.js';
import { ROWS_PER_STATEMENT, rankedIndexes, readRatings, type TopicRatings } from './ratings.js';

/**
 * Works out the ranks of a topic's things and how sure they are, and writes them for the pages and the
 * history. Each statement is a transaction of its own: when two processes publish at the same time, the last
 * one wins. Ratings that change meanwhile are published the next time.
 */
export async function publishStandings(
  db: Database,
  workers: RankWorkerPool,
  topicId: number,
): Promise<void> {
  const changes = await readChanges(db, topicId);
  const topic = await readRatings(db, topicId);
  const standings = await standingsOf(topic, workers);
  for (let start = 0; start < standings.length; start += ROWS_PER_STATEMENT)
    await writeStandings(db, topicId, standings.slice(start, start + ROWS_PER_STATEMENT));
  await sql`
    delete from standings using things
    where standings.topic_id = ${topicId} and things.id = thing_id and retired_at is not null`.execute(db);
  await sql`
    update boards set version = version + 1, published_changes = ${changes}
    where topic_id = ${topicId}`.execute(db);
}

async function readChanges(db: Database, topicId: number): Promise<number> {
  const { changes } = await db
    .selectFrom('boards')
    .where('topicId', '=', topicId)
    .select('changes')
    .executeTakeFirstOrThrow();
  return changes;
}

interface Standing {
  thingId: number;
  rank: number;
  low: number;
  high: number;
  topChance: number;
  isLevel: boolean;
}

/** @returns in the order of the things' ids, so that two writers cannot deadlock */
async function standingsOf(topic: TopicRatings, workers: RankWorkerPool): Promise<Standing[]> {
  const order = rankedIndexes(topic);
  const estimates = estimatesOf(
    order.map((index) => ({
      mean: topic.means[index] as number,
      variance: topic.variances[index] as number,
    })),
  );
  // A topic has the same seed each time, so that its intervals change only when its estimates do.
  const intervals = await workers.intervals({ estimates, seed: topic.topicId });
  return order
    .map((index, above) => ({
      thingId: topic.ids[index] as number,
      rank: above + 1,
      // Among many things an interval is approximate, and may just miss the rank.
      low: Math.min(intervals.low[above] as number, above + 1),
      high: Math.max(intervals.high[above] as number, above + 1),
      topChance: Math.round((intervals.topChance[above] as number) * 10_000) / 10_000,
      isLevel: intervals.levelWithNext[above] === 1,
    }))
    .sort((one, other) => one.thingId - other.thingId);
}

async function writeStandings(db: Database, topicId: number, standings: Standing[]): Promise<void> {
  const column = <Name extends keyof Standing>(name: Name): Standing[Name][] =>
    standings.map((standing) => standing[name]);
  await sql`
    with given as (
      select * from unnest(
        ${column('thingId')}::bigint[], ${column('rank')}::int[], ${column('low')}::int[], ${column('high')}::int[],
        ${column('topChance')}::real[], ${column('isLevel')}::boolean[])
        as given (thing_id, rank, low, high, top_chance, is_level_with_next)),
    moved as (
      insert into standings (topic_id, thing_id, rank, low, high, top_chance, is_level_with_next)
      select ${topicId}::bigint, given.* from given
      on conflict (thing_id) do update set rank = excluded.rank, low = excluded.low, high = excluded.high,
        top_chance = excluded.top_chance, is_level_with_next = excluded.is_level_with_next
      where (standings.rank, standings.low, standings.high, standings.top_chance, standings.is_level_with_next)
        is distinct from (excluded.rank, excluded.low, excluded.high, excluded.top_chance, excluded.is_level_with_next)
      returning thing_id)
    insert into rating_history (thing_id, at, rank, low, high)
    select thing_id, date_trunc('hour', now()), rank, low, high from given join ratings using (thing_id)
    where exists (select from moved where moved.thing_id = given.thing_id)
      -- The history of a thing begins with its first vote, even when that moves nothing.
      or not exists (select from rating_history as past where past.thing_id = given.thing_id)
    order by thing_id
    on conflict (thing_id, at) do update set rank = excluded.rank, low = excluded.low, high = excluded.high`.execute(
    db,
  );
}

/** A topic that has to be fitted or published. */
interface PendingTopic {
  topicId: number;
  /** Whether its ratings or things have changed since its standings were published. */
  isChanged: boolean;
  /** Whether its ratings rest on votes that no longer count, or lack some. */
  isStale: boolean;
}

/** Reads the topics that have to be fitted or published, those that have been stale longest first. */
export async function readPendingTopics(db: Database): Promise<PendingTopic[]> {
  const { rows } = await sql<PendingTopic>`
    select topic_id, changes <> published_changes as is_changed, stale_since is not null as is_stale from boards
    where changes <> published_changes or stale_since is not null
    order by stale_since, topic_id`.execute(db);
  return rows;
}
