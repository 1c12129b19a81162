import { sql } from 'kysely';
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

/** The roles, from the one that allows most. */
export const ROLES = Object.keys(ALLOWED) as TopicRole[];

/** Somebody with a role in a topic. */
export interface TopicPerson {
  userId: number;
  username: string;
  role: TopicRole;
  createdAt: Date;
}

/** The people with a role in a topic: owners first, then organisers, and of one role the oldest first. */
export async function listPeople(db: Database, topicId: number): Promise<TopicPerson[]> {
  const people = await db
    .selectFrom('topicRoles')
    .innerJoin('users', 'users.id', 'userId')
    .where('topicId', '=', topicId)
    .select(['userId', 'username', 'topicRoles.role', 'topicRoles.createdAt'])
    .orderBy('topicRoles.createdAt')
    .execute();
  return people.sort((one, other) => ROLES.indexOf(one.role) - ROLES.indexOf(other.role));
}

/** A user, and their role in a topic. */
interface RoleOf {
  topicId: number;
  userId: number;
  role: TopicRole;
}

/** Gives a user a role in a topic, in place of any role that they have. */
export async function setRole(trx: Transaction, { topicId, userId, role }: RoleOf): Promise<void> {
  await trx
    .insertInto('topicRoles')
    .values({ topicId, userId, role })
    .onConflict((conflict) => conflict.columns(['topicId', 'userId']).doUpdateSet({ role }))
    .execute();
}

/**
 * Takes the role of a user in a topic away.
 * @returns 'last owner' when the topic would have no owner; undefined when the user has no role
 */
export async function removeRole(
  trx: Transaction,
  { topicId, userId }: Omit<RoleOf, 'role'>,
): Promise<TopicRole | 'last owner' | undefined> {
  const roles = await lockRoles(trx, topicId);
  const role = roles.find((other) => other.userId === userId)?.role;
  if (!role) return undefined;
  if (role === 'owner' && roles.filter((other) => other.role === 'owner').length === 1) return 'last owner';
  await trx.deleteFrom('topicRoles').where('topicId', '=', topicId).where('userId', '=', userId).execute();
  return role;
}

/**
 * Hands a topic over: the other person becomes an owner, and the user an organiser.
 * @returns whether the other person has a role in the topic
 */
export async function handOver(
  trx: Transaction,
  { topicId, from, to }: { topicId: number; from: number; to: number },
): Promise<boolean> {
  const roles = await lockRoles(trx, topicId);
  if (from === to || !roles.some(({ userId }) => userId === to)) return false;
  await setRole(trx, { topicId, userId: to, role: 'owner' });
  await setRole(trx, { topicId, userId: from, role: 'organiser' });
  return true;
}

/** Makes a user the only owner of a topic, also one that belongs to nobody. Earlier owners become organisers. */
export async function giveTopic(trx: Transaction, { topicId, userId }: Omit<RoleOf, 'role'>): Promise<void> {
  const owners = (await lockRoles(trx, topicId)).filter(({ role }) => role === 'owner');
  await setRole(trx, { topicId, userId, role: 'owner' });
  for (const owner of owners)
    if (owner.userId !== userId) await setRole(trx, { topicId, userId: owner.userId, role: 'organiser' });
}

// Two people who remove each other at once must not leave a topic without an owner.
async function lockRoles(trx: Transaction, topicId: number): Promise<Pick<RoleOf, 'userId' | 'role'>[]> {
  const { rows } = await sql<Pick<RoleOf, 'userId' | 'role'>>`
    select user_id, role from topic_roles where topic_id = ${topicId} order by user_id for update`.execute(
    trx,
  );
  return rows;
}
