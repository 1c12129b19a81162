import { sql } from 'kysely';
import type { Database } from '../../database.js';

/** How many days a trend shows. */
export const TREND_DAYS = 14;

/** How many things of a topic have a trend: those of the first page of its ranking. */
const MAX_THINGS = 50;

/** The ranks of the leading things of a topic in the past days. */
export interface Trends {
  readAt: Date;
  /** The last rank of each of the days, oldest first, by thing. Days before a thing was ranked are left out. */
  ranks: ReadonlyMap<number, readonly number[]>;
}

/** Reads the trends of a topic. The query looks up one row a day and thing, so a long history costs no more. */
export async function readTrends(db: Database, topicId: number): Promise<Trends> {
  const { rows } = await sql<{ thingId: number; ranks: number[] }>`
    select thing_id, array_agg(past.rank order by day) as ranks
    from (select thing_id from standings where topic_id = ${topicId} order by rank limit ${MAX_THINGS}) as leader
    cross join generate_series(0, ${TREND_DAYS - 1}::int) as ago
    cross join lateral (select now() - ago * interval '1 day' as day) as days
    cross join lateral (
      select rank from rating_history where rating_history.thing_id = leader.thing_id and at <= day
      order by at desc limit 1) as past
    group by thing_id`.execute(db);
  return { readAt: new Date(), ranks: new Map(rows.map(({ thingId, ranks }) => [thingId, ranks])) };
}
