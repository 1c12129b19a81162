import { sql } from 'kysely';
import { recordTopicEvent } from '../../catalog/topic-events.js';
import type { Database } from '../../database.js';
import type { TopicPhase } from '../../schema.js';
import type { Position } from './ledger-position.js';
import { markChanged } from './ratings.js';

/**
 * The position in the ledger up to which a topic's votes count: that of the ranker, or that at which the results of a
 * closed topic were frozen.
 */
export async function readEnd(db: Database, topicId: number): Promise<Position> {
  const { rows } = await sql<Position>`
    select coalesce(closed_xid, xid)::text as xid, coalesce(closed_ledger_id, position.id) as id
    from ranker_position as position cross join topics where topics.id = ${topicId}`.execute(db);
  const [end] = rows;
  if (!end) throw new Error(`there is no topic ${topicId}`);
  return end;
}

/** The topics whose results are frozen. No later entry of the ledger moves them. */
export async function readFrozenTopics(db: Database): Promise<Set<number>> {
  const rows = await db.selectFrom('topics').where('closedXid', 'is not', null).select('id').execute();
  return new Set(rows.map(({ id }) => id));
}

/** Opens and closes the topics whose time has come. @returns whether a topic is closed and not frozen yet */
export async function keepSchedules(db: Database): Promise<boolean> {
  const { rows } = await sql<{ isDue: boolean; isToFreeze: boolean }>`
    select exists (select from topics where ${isDue}) as is_due,
      exists (select from topics where phase = 'closed' and closed_xid is null) as is_to_freeze`.execute(db);
  const [state] = rows;
  if (state?.isDue) await changeDuePhases(db);
  return state !== undefined && (state.isDue || state.isToFreeze);
}

async function changeDuePhases(db: Database): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: number; phase: TopicPhase }>`
      update topics set phase = topic_phase(phase, opens_at, closes_at, now()) where ${isDue}
      returning id, phase`.execute(trx);
    for (const { id, phase } of rows)
      await recordTopicEvent(trx, {
        topicId: id,
        userId: null,
        kind: phase === 'open' ? 'opened' : 'closed',
        details: { by: 'schedule' },
      });
  });
}

/**
 * Freezes the results of closed topics whose votes are all folded, and has each fitted one last time. Votes that were
 * under way when a topic closed are waited for, and later ones are refused.
 * @param db the connection that folds
 */
export async function freezeClosedTopics(db: Database): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select from topics where phase = 'closed' and closed_xid is null order by id for update`.execute(
      trx,
    );
    const { rows } = await sql<{ id: number }>`
      update topics set closed_xid = xid, closed_ledger_id = position.id from ranker_position as position
      where phase = 'closed' and closed_xid is null
        and not exists (select from votes where topic_id = topics.id and not provisional
          and (votes.xid, votes.id) > (position.xid, position.id))
        and not exists (select from votes where topic_id = topics.id and not provisional
          and withdrawn_xid is not null and (withdrawn_xid, votes.id) > (position.xid, position.id))
      returning topics.id`.execute(trx);
    for (const { id } of rows) await markChanged(trx, id, { stale: true });
  });
}

const isDue = sql<boolean>`
  ((phase = 'draft' and opens_at is not null) or (phase in ('open', 'paused') and closes_at is not null))
  and phase <> topic_phase(phase, opens_at, closes_at, now()) and deleted_at is null`;
