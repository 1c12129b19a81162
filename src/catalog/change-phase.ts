import { sql } from 'kysely';
import type { Database } from '../database.js';
import { recordTopicEvent } from './topic-events.js';

/** A topic, and the user who does something to it. */
export interface TopicActor {
  topicId: number;
  /** Null for an operator's command. */
  userId: number | null;
}

/** Opens a draft for votes. Nothing happens to a topic that has opened. */
export async function openForVotes(db: Database, actor: TopicActor): Promise<void> {
  await changePhase(db, actor, {
    kind: 'opened',
    from: sql`phase = 'draft'`,
    set: sql`phase = 'open', opens_at = null, closes_at = case when closes_at > now() then closes_at end`,
  });
}

/** Lets an open topic take no votes for a while. The pairs on people's screens stay valid. */
export async function pauseVotes(db: Database, actor: TopicActor): Promise<void> {
  await changePhase(db, actor, { kind: 'paused', from: sql`phase = 'open'`, set: sql`phase = 'paused'` });
}

/** Lets a paused topic take votes again. */
export async function resumeVotes(db: Database, actor: TopicActor): Promise<void> {
  await changePhase(db, actor, { kind: 'resumed', from: sql`phase = 'paused'`, set: sql`phase = 'open'` });
}

/**
 * Closes a topic. The ranker then folds the votes that were cast before, and freezes the results. No vote is written
 * after this function has returned.
 */
export async function closeForVotes(db: Database, actor: TopicActor): Promise<void> {
  await changePhase(db, actor, {
    kind: 'closed',
    from: sql`phase in ('open', 'paused')`,
    set: sql`phase = 'closed', closes_at = null`,
  });
  // New votes are refused from here on, so only those under way are waited for.
  await db.transaction().execute(async (trx) => {
    await trx.selectFrom('topics').where('id', '=', actor.topicId).select('id').forUpdate().execute();
  });
}

/** Opens a closed topic again. Its ranking goes on from all votes of its ledger. */
export async function reopenForVotes(db: Database, actor: TopicActor): Promise<void> {
  await changePhase(db, actor, {
    kind: 'reopened',
    from: sql`phase = 'closed'`,
    set: sql`phase = 'open', opens_at = null, closes_at = null, closed_xid = null, closed_ledger_id = null`,
  });
}

/**
 * Sets when a draft opens and an open topic closes by itself. A time of null removes it.
 * @param schedule `closesAt` is later than `opensAt`, and both are in the future
 */
export async function setSchedule(
  db: Database,
  { topicId, userId }: TopicActor,
  schedule: { opensAt: Date | null; closesAt: Date | null; timeZone: string },
): Promise<void> {
  const { opensAt, closesAt, timeZone } = schedule;
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('topics').set({ opensAt, closesAt, timeZone }).where('id', '=', topicId).execute();
    const details = {
      opens: opensAt?.toISOString() ?? null,
      closes: closesAt?.toISOString() ?? null,
      timeZone,
    };
    await recordTopicEvent(trx, { topicId, userId, kind: 'schedule changed', details });
  });
}

async function changePhase(
  db: Database,
  { topicId, userId }: TopicActor,
  { kind, from, set }: { kind: string; from: ReturnType<typeof sql>; set: ReturnType<typeof sql> },
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // A topic whose time has come may still be stored in the phase before.
    await sql`
      update topics set phase = topic_phase(phase, opens_at, closes_at, now()) where id = ${topicId}`.execute(
      trx,
    );
    const { numAffectedRows } = await sql`
      update topics set ${set} where id = ${topicId} and ${from}`.execute(trx);
    if (!numAffectedRows) return;
    await recordTopicEvent(trx, { topicId, userId, kind });
    // The ratings lack what was cast or taken back while they were frozen.
    if (kind === 'reopened')
      await sql`
        update boards set changes = changes + 1, stale_since = coalesce(stale_since, now())
        where topic_id = ${topicId}`.execute(trx);
  });
}
