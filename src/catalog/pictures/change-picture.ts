import type { Transaction } from '../../database.js';
import { invalidateTopicCaches } from '../things.js';
import { recordTopicEvent } from '../topic-events.js';

/**
 * Gives a thing another picture, or none.
 * @param picture of the same topic, as `Pictures.save` returned it
 * @returns whether the topic has the thing
 */
export async function changePicture(
  trx: Transaction,
  { topicId, thingId, userId }: { topicId: number; thingId: number; userId: number },
  picture: string | null,
): Promise<boolean> {
  const thing = await trx
    .updateTable('things')
    .where('topicId', '=', topicId)
    .where('id', '=', thingId)
    .set({ picture })
    .returning('name')
    .executeTakeFirst();
  if (!thing) return false;
  const kind = picture === null ? 'picture removed' : 'picture changed';
  await recordTopicEvent(trx, { topicId, userId, kind, details: { thingId, name: thing.name } });
  await invalidateTopicCaches(trx, topicId);
  return true;
}
