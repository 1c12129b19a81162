import { sql } from 'kysely';
import type { Transaction } from '../database.js';
import type { TopicActor } from './change-phase.js';
import { invalidateTopicCaches } from './things.js';
import { recordTopicEvent } from './topic-events.js';

/**
 * Hides a topic from all but its organisers and admins, or shows it again.
 * @returns false for the default topic, which can't be hidden, and when nothing changes
 */
export async function setHidden(
  trx: Transaction,
  { topicId, userId }: TopicActor,
  isHidden: boolean,
): Promise<boolean> {
  const topic = await trx
    .updateTable('topics')
    .set({ hiddenAt: isHidden ? sql<Date>`now()` : null })
    .where('id', '=', topicId)
    .where('isDefault', '=', false)
    .where('hiddenAt', isHidden ? 'is' : 'is not', null)
    .returning('id')
    .executeTakeFirst();
  if (!topic) return false;
  await recordTopicEvent(trx, { topicId, userId, kind: isHidden ? 'hidden by an admin' : 'shown again' });
  return true;
}

/**
 * Makes a topic the default one, whose pages are `/vote` and `/top`.
 * @returns false for a topic that not everyone sees, and for one with fewer than two things
 */
export async function makeDefault(trx: Transaction, { topicId, userId }: TopicActor): Promise<boolean> {
  const topic = await trx
    .selectFrom('topics')
    .where('id', '=', topicId)
    .where('access', '=', 'public')
    .where('deletedAt', 'is', null)
    .where('hiddenAt', 'is', null)
    .where(sql<string>`topic_phase(phase, opens_at, closes_at, now())`, '<>', 'draft')
    .where(({ selectFrom }) =>
      selectFrom('things')
        .where('topicId', '=', topicId)
        .where('retiredAt', 'is', null)
        .select(sql<boolean>`count(*) >= 2`.as('isEnough')),
    )
    .select('isDefault')
    .forUpdate()
    .executeTakeFirst();
  if (!topic) return false;
  if (topic.isDefault) return true;
  const before = await trx
    .updateTable('topics')
    .set({ isDefault: false })
    .where('isDefault', '=', true)
    .returning('id')
    .execute();
  await trx.updateTable('topics').set({ isDefault: true }).where('id', '=', topicId).execute();
  await recordTopicEvent(trx, { topicId, userId, kind: 'made the default topic' });
  for (const { id } of [...before, { id: topicId }]) await invalidateTopicCaches(trx, id);
  return true;
}
