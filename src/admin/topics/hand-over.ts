import { usernameKey } from '../../auth/users/usernames.js';
import { recordTopicEvent } from '../../catalog/topic-events.js';
import { giveTopic } from '../../catalog/topic-roles.js';
import type { Database } from '../../database.js';
import { type Actor, idOfActor, recordAct } from '../record-act.js';

/**
 * Hands a topic over to a person, who becomes its only owner.
 * @returns whether somebody has that name, whose account is not disabled
 */
export async function handTopicTo(
  db: Database,
  actor: Actor,
  { topicId, username }: { topicId: number; username: string },
): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const user = await trx
      .selectFrom('users')
      .where('usernameKey', '=', usernameKey(username.trim()))
      .where('disabledAt', 'is', null)
      .where('awaitingSince', 'is', null)
      .select('id')
      .executeTakeFirst();
    if (!user) return false;
    await giveTopic(trx, { topicId, userId: user.id });
    const details = { person: user.id };
    await recordTopicEvent(trx, { topicId, userId: idOfActor(actor), kind: 'handed over', details });
    await recordAct(trx, actor, {
      ...{ kind: 'admin-topic-handed-over', about: `topic ${topicId}`, note: `person ${user.id}` },
    });
    return true;
  });
}
