import { sql } from 'kysely';
import type { Transaction } from '../database.js';
import type { ThingChange } from './change-thing.js';
import { invalidateTopicCaches } from './things.js';
import { recordTopicEvent } from './topic-events.js';

/**
 * Merges a thing into another one of its topic: it retires, and its votes count for the other one. What was merged into
 * it before goes along.
 * @returns false when one of the two is not there or is merged already, or the other one is retired
 */
export async function mergeThing(
  trx: Transaction,
  { topicId, thingId, userId }: ThingChange,
  into: number,
): Promise<boolean> {
  const things = await trx
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where('id', 'in', [thingId, into])
    .select(['id', 'name', 'mergedInto', 'retiredAt'])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  const [from, to] = [things.find(({ id }) => id === thingId), things.find(({ id }) => id === into)];
  if (!from || !to || from === to || from.mergedInto || to.mergedInto || to.retiredAt) return false;
  await trx
    .updateTable('things')
    .where('id', '=', thingId)
    .set({ mergedInto: into, retiredAt: from.retiredAt ?? new Date() })
    .execute();
  const details = { thingId, name: from.name, into: to.name };
  await recordTopicEvent(trx, { topicId, userId, kind: 'thing merged', details });
  await refitTopic(trx, topicId);
  return true;
}

/**
 * Takes a merge back: the thing is voted on again, and has its own votes back.
 * @returns false when it is not merged
 */
export async function unmergeThing(
  trx: Transaction,
  { topicId, thingId, userId }: ThingChange,
): Promise<boolean> {
  const thing = await trx
    .updateTable('things')
    .where('topicId', '=', topicId)
    .where('id', '=', thingId)
    .where('mergedInto', 'is not', null)
    .set({ mergedInto: null, retiredAt: null })
    .returning('name')
    .executeTakeFirst();
  if (!thing) return false;
  await recordTopicEvent(trx, {
    topicId,
    userId,
    kind: 'merge undone',
    details: { thingId, name: thing.name },
  });
  await refitTopic(trx, topicId);
  return true;
}

/** Has all votes of a topic fitted anew, because they count for other things now. */
async function refitTopic(trx: Transaction, topicId: number): Promise<void> {
  // In the order in which the ranker locks these rows. Another order could let the two wait for each other.
  await invalidateTopicCaches(trx, topicId);
  await sql`update boards set stale_since = coalesce(stale_since, now()) where topic_id = ${topicId}`.execute(
    trx,
  );
}
