import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type OnFailure, throwFailure } from './retries.js';

/**
 * Writes the rank that every thing had 24 hours ago. The leaderboard's arrows compare with it.
 * @param onFailure is called for each topic that fails; the other topics go on unless it throws
 */
export async function updatePreviousRanks(db: Database, onFailure: OnFailure = throwFailure): Promise<void> {
  for (const { id } of await db.selectFrom('topics').select('id').execute())
    await updateTopic(db, id).catch((error: unknown) => onFailure(id, error));
}

async function updateTopic(db: Database, topicId: number): Promise<void> {
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
