import { sql } from 'kysely';
import { DEFAULT_GOAL, fitGoal, type Goal, parseGoal } from '../../catalog/goal.js';
import type { Database, Transaction } from '../../database.js';
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
  const { changes, goal } = await readTopic(db, topicId);
  const topic = await readRatings(db, topicId);
  const { standings, votes, expectedShare } = await standingsOf(topic, goal, workers);
  for (let start = 0; start < standings.length; start += ROWS_PER_STATEMENT)
    await writeStandings(db, topicId, standings.slice(start, start + ROWS_PER_STATEMENT));
  await sql`
    delete from standings using things
    where standings.topic_id = ${topicId} and things.id = thing_id and retired_at is not null`.execute(db);
  await db.transaction().execute(async (trx) => {
    await trx
      .updateTable('boards')
      .set(({ eb }) => ({ version: eb('version', '+', 1), publishedChanges: changes, expectedShare }))
      .where('topicId', '=', topicId)
      .execute();
    await recordProgress(trx, topicId, { votes, expectedShare });
  });
}

async function readTopic(db: Database, topicId: number): Promise<{ changes: number; goal: Goal }> {
  const { changes, goal } = await db
    .selectFrom('boards')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topicId', '=', topicId)
    .select(['changes', 'goal'])
    .executeTakeFirstOrThrow();
  return { changes, goal: parseGoal(goal) ?? DEFAULT_GOAL };
}

/** With fewer new votes than this share of all votes, the progress gets no further point. */
const PROGRESS_STEP = 0.05;

// Votes that were withdrawn or left out take their points with them.
async function recordProgress(
  trx: Transaction,
  topicId: number,
  { votes, expectedShare }: { votes: number; expectedShare: number },
): Promise<void> {
  await trx.deleteFrom('goalProgress').where('topicId', '=', topicId).where('votes', '>=', votes).execute();
  if (votes === 0) return;
  await sql`
    insert into goal_progress (topic_id, votes, expected_share)
    select ${topicId}, ${votes}, ${expectedShare}
    where not exists (
      select from goal_progress where topic_id = ${topicId} and votes > ${Math.floor(votes / (1 + PROGRESS_STEP))})`.execute(
    trx,
  );
}

interface Standing {
  thingId: number;
  rank: number;
  low: number;
  high: number;
  topChance: number;
  isLevel: boolean;
}

/** @returns the standings in the order of the things' ids, so that two writers cannot deadlock */
async function standingsOf(
  topic: TopicRatings,
  goal: Goal,
  workers: RankWorkerPool,
): Promise<{ standings: Standing[]; votes: number; expectedShare: number }> {
  const order = rankedIndexes(topic);
  const estimates = estimatesOf(
    order.map((index) => ({
      mean: topic.means[index] as number,
      variance: topic.variances[index] as number,
    })),
  );
  // A topic has the same seed each time, so that its intervals change only when its estimates do.
  const fittingGoal = fitGoal(goal, order.length);
  const intervals = await workers.intervals({ estimates, goal: fittingGoal, seed: topic.topicId });
  const standings = order
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
  return { standings, votes: votesOn(topic, order), expectedShare: intervals.expectedShare };
}

// As a board counts them: a vote on a thing and a retired one is a half. Ratings may change while they are read, so the
// sum can be odd.
function votesOn({ wins, losses, ties }: TopicRatings, indexes: number[]): number {
  const counts = indexes.map((index) => (wins[index] ?? 0) + (losses[index] ?? 0) + (ties[index] ?? 0));
  return Math.ceil(counts.reduce((sum, count) => sum + count, 0) / 2);
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
