import { sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import type { TopicActor } from './change-phase.js';
import { GRACE_DAYS } from './phase.js';
import { recordTopicEvent } from './topic-events.js';

/** Deletes a topic. Nobody sees it any more, and for a week an owner can restore it. The default topic stays. */
export async function deleteTopic(trx: Transaction, { topicId, userId }: TopicActor): Promise<void> {
  const { numAffectedRows } = await sql`
    update topics set deleted_at = now() where id = ${topicId} and deleted_at is null and not is_default`.execute(
    trx,
  );
  if (numAffectedRows) await recordTopicEvent(trx, { topicId, userId, kind: 'deleted' });
}

/** Restores a topic that was deleted less than a week ago. */
export async function restoreTopic(trx: Transaction, { topicId, userId }: TopicActor): Promise<void> {
  const { numAffectedRows } = await sql`
    update topics set deleted_at = null where id = ${topicId} and deleted_at is not null and not is_over(deleted_at)`.execute(
    trx,
  );
  if (numAffectedRows) await recordTopicEvent(trx, { topicId, userId, kind: 'restored' });
}

/** Until when a deleted topic can be restored. */
export const restorableUntil = (deletedAt: Date): Date =>
  new Date(deletedAt.getTime() + GRACE_DAYS * 24 * 3_600_000);

/**
 * Finds who gets the topics of a user who closes their account. Of the other people, the oldest owner keeps a topic, or
 * else the oldest organiser becomes its owner.
 * @returns the topics of which the user is the only owner; `heir` is null when nobody can have it
 */
export async function listTopicsToHandOn(
  db: Database,
  userId: number,
): Promise<{ topicId: number; title: string; heirId: number | null; heir: string | null }[]> {
  const { rows } = await sql<{ topicId: number; title: string; heirId: number | null; heir: string | null }>`
    select topics.id as topic_id, title, heir.id as heir_id, heir.username as heir
    from topic_roles as own join topics on topics.id = own.topic_id left join lateral (
      select users.id, username from topic_roles as other join users on users.id = other.user_id
      where other.topic_id = own.topic_id and other.user_id <> own.user_id and other.role = 'organiser'
      order by other.created_at limit 1) as heir on true
    where own.user_id = ${userId} and own.role = 'owner' and deleted_at is null
      and not exists (select from topic_roles as other
        where other.topic_id = own.topic_id and other.user_id <> own.user_id and other.role = 'owner')
    order by title`.execute(db);
  return rows;
}

/** Hands on the topics of a user who closes their account. A topic that nobody can have is deleted. */
export async function handOnTopics(trx: Transaction, userId: number): Promise<void> {
  for (const { topicId, heirId } of await listTopicsToHandOn(trx, userId))
    if (heirId === null) {
      await deleteTopic(trx, { topicId, userId: null });
      await trx.deleteFrom('topicRoles').where('topicId', '=', topicId).execute();
    } else {
      await sql`
        update topic_roles set role = 'owner' where topic_id = ${topicId} and user_id = ${heirId}`.execute(
        trx,
      );
      await recordTopicEvent(trx, { topicId, userId: heirId, kind: 'owner by closing of an account' });
    }
  // Of topics that were deleted before, only people who can restore them keep a role.
  await sql`
    delete from topic_roles where topic_id in (
      select topic_id from topic_roles as own join topics on topics.id = topic_id
      where own.user_id = ${userId} and own.role = 'owner' and deleted_at is not null
        and not exists (select from topic_roles as other
          where other.topic_id = own.topic_id and other.user_id <> own.user_id and other.role = 'owner'))`.execute(
    trx,
  );
}

/** Removes the topics for good that were deleted more than a week ago, with their votes. */
export async function purgeTopics(db: Database): Promise<void> {
  const { rows } = await sql<{ id: number }>`select id from topics where is_over(deleted_at)`.execute(db);
  for (const { id } of rows) await db.transaction().execute((trx) => purgeTopic(trx, id));
}

async function purgeTopic(trx: Transaction, topicId: number): Promise<void> {
  // The ranker is kept from folding votes that are about to go.
  await sql`update ranker_position set generation = generation + 1`.execute(trx);
  const { rows } = await sql`
    select from topics where id = ${topicId} and is_over(deleted_at) for update`.execute(trx);
  if (rows.length === 0) return;
  const things = sql`(select id from things where topic_id = ${topicId})`;
  for (const statement of [
    sql`delete from shares where topic_id = ${topicId}`,
    sql`delete from vote_weights where vote_id in (select id from votes where topic_id = ${topicId})`,
    sql`delete from votes where topic_id = ${topicId}`,
    sql`delete from rating_history where thing_id in ${things}`,
    ...OF_TOPIC.map((table) => sql`delete from ${sql.table(table)} where topic_id = ${topicId}`),
    sql`update things set merged_into = null where topic_id = ${topicId} and merged_into is not null`,
    sql`delete from things where topic_id = ${topicId}`,
    sql`delete from topics where id = ${topicId}`,
  ])
    await statement.execute(trx);
}

/** What the ranker made of the topic. Roles, links, invitations and the log go with the row of the topic. */
const OF_TOPIC = [
  ...['standings', 'ratings', 'pair_counts', 'pair_counts_position', 'snapshots', 'fits', 'group_leans'],
  ...['topic_voters', 'voter_events', 'goal_progress', 'site_events', 'boards'],
];
