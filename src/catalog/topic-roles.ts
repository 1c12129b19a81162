import type { Database, Transaction } from '../database.js';
import type { TopicRole } from '../schema.js';

/**
 * What can be done with a topic behind the scenes: look at everything but single votes, change and run it, or decide
 * who may do so and whether it exists.
 */
export type TopicAct = 'look' | 'run' | 'own';

/** Which acts each role allows. */
const ALLOWED: Record<TopicRole, TopicAct[]> = {
  owner: ['look', 'run', 'own'],
  organiser: ['look', 'run'],
  viewer: ['look'],
};

/** Whether a role allows an act. */
export const mayDo = (role: TopicRole, act: TopicAct): boolean => ALLOWED[role].includes(act);

/** The role of a user in a topic; undefined for a stranger. */
export async function roleIn(db: Database, topicId: number, userId: number): Promise<TopicRole | undefined> {
  const row = await db
    .selectFrom('topicRoles')
    .where('topicId', '=', topicId)
    .where('userId', '=', userId)
    .select('role')
    .executeTakeFirst();
  return row?.role;
}

/** Gives a user a role in a topic, in place of any role that they have. */
export async function setRole(
  trx: Transaction,
  { topicId, userId, role }: { topicId: number; userId: number; role: TopicRole },
): Promise<void> {
  await trx
    .insertInto('topicRoles')
    .values({ topicId, userId, role })
    .onConflict((conflict) => conflict.columns(['topicId', 'userId']).doUpdateSet({ role }))
    .execute();
}
