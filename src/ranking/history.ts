import { sql } from 'kysely';
import type { Database } from '../database.js';
import { type OnFailure, throwFailure } from './retries.js';

/** Where a thing stood at a moment. */
export interface PastPlace {
  at: Date;
  rank: number;
  /** The range of its true place, both included. */
  low: number;
  high: number;
}

/**
 * Where a thing stood over time, oldest first, in about 60 points at most: hour by hour while that is two days or
 * less, else the last of each day, or of every few days. What lies between two points is not read, so that a long
 * history costs no more than a short one.
 */
export async function placesOverTime(db: Database, thingId: number): Promise<PastPlace[]> {
  const { rows } = await sql<PastPlace>`
    select last.at, last.rank, last.low, last.high
    from (
      select case when until - since <= interval '2 days'
          then interval '1 hour'
          else interval '24 hours' * ceil(extract(epoch from until - since) / 86400 / ${MOST}::int)
        end as step,
        date_trunc(case when until - since <= interval '2 days' then 'hour' else 'day' end, since, 'UTC') as first,
        until
      from (select min(at) as since, max(at) as until from rating_history where thing_id = ${thingId}) as span
    ) as steps
    cross join lateral generate_series(first, until, step) as bucket
    cross join lateral (
      select at, rank, low, high from rating_history
      where thing_id = ${thingId} and at >= bucket and at < bucket + step order by at desc limit 1
    ) as last
    order by last.at`.execute(db);
  return rows;
}

const MOST = 60;

/**
 * Notes for every thing where it stood a day ago, which is what the leaderboard's arrows compare with.
 * @param onFailure is told of a topic that fails; unless it throws, the others go on
 */
export async function noteYesterday(db: Database, onFailure: OnFailure = throwFailure): Promise<void> {
  for (const { id } of await db.selectFrom('topics').select('id').execute())
    await noteYesterdayOf(db, id).catch((error: unknown) => onFailure(id, error));
}

async function noteYesterdayOf(db: Database, topicId: number): Promise<void> {
  await sql`
    with moved as (
      update standings set previous_rank = day_ago.rank
      from (select now_ranked.thing_id, past.rank
            from standings as now_ranked cross join lateral (
              select rank from rating_history
              where thing_id = now_ranked.thing_id and at <= now() - interval '24 hours'
              order by at desc limit 1) as past
            where now_ranked.topic_id = ${topicId}) as day_ago
      where day_ago.thing_id = standings.thing_id and previous_rank is distinct from day_ago.rank
      returning standings.thing_id)
    update boards set version = version + 1
    where topic_id = ${topicId} and exists (select from moved)`.execute(db);
}
