import { sql } from 'kysely';
import type { Database } from '../../database.js';

/** A thing's rank at one moment in the past. */
export interface PastRank {
  at: Date;
  /** From 1, the strongest thing. */
  rank: number;
  /** The range of its true rank, both ends included. */
  low: number;
  high: number;
}

const MAX_POINTS = 60;

/**
 * Reads a thing's rank over time, oldest first, in about 60 points at most: one an hour while the history
 * spans two days or less, otherwise the last one of each day or of every few days. The query skips the rows
 * between two points, so a long history costs no more than a short one.
 */
export async function readRankHistory(db: Database, thingId: number): Promise<PastRank[]> {
  const { rows } = await sql<PastRank>`
    select last.at, last.rank, last.low, last.high
    from (
      select case when until - since <= interval '2 days'
          then interval '1 hour'
          else interval '24 hours' * ceil(extract(epoch from until - since) / 86400 / ${MAX_POINTS}::int)
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
