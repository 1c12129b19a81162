import type { Database } from '../database.js';
import { statement } from '../statement.js';

/**
 * SQL for whether a topic takes a voter's votes now. The lock makes the one who closes the topic wait for votes under
 * way, and a vote that comes later sees that it is closed.
 * @param names SQL for the ids of the topic and of the voter
 */
export const takesVotesSql = ({ topic, voter }: { topic: string; voter: string }): string => `exists (
  select from topics where topics.id = ${topic} and deleted_at is null
    and topic_phase(phase, opens_at, closes_at, now()) = 'open'
    and ${isAdmittedSql({ topic, voter })}
  for key share of topics)`;

/**
 * SQL for whether a voter still has a part in a topic, in its row of `topics`: it needs no invitation, or theirs stands.
 * They may take their votes back then as well.
 * @param names SQL for the ids of the topic and of the voter
 */
export const isAdmittedSql = ({ topic, voter }: { topic: string; voter: string }): string => `(
  access <> 'invited' or ${isInvitedSql({ topic, voter })})`;

const isInvitedSql = ({ topic, voter }: { topic: string; voter: string }): string => `(
  exists (select from invitations where invitations.topic_id = ${topic} and invitations.voter_id = ${voter}
    and joined_at is not null and revoked_at is null)
  or exists (select from topic_roles where topic_roles.topic_id = ${topic} and user_id = ${voter}))`;

/**
 * SQL for whether one of some things is a voter's own work. A count is one value: Postgres cannot turn it into a join
 * that reads all things.
 * @param names SQL for the id of the voter, and for the ids of the things
 */
export const hasOwnWorkSql = ({ voter, things }: { voter: string; things: string }): string => `(
  (select count(*) from own_work where own_work.voter_id = ${voter} and thing_id in (${things})) > 0)`;

/** Why a topic does not take a voter's vote on a pair; undefined when it does. */
export async function whyRefused(
  db: Database,
  {
    topicId,
    voterId,
    leftId,
    rightId,
  }: { topicId: number; voterId: number; leftId: number; rightId: number },
): Promise<'notOpen' | 'paused' | 'closed' | 'uninvited' | 'ownWork' | undefined> {
  const [topic] = await selectGate(db, topicId, voterId, leftId, rightId);
  if (!topic || topic.phase === 'closed') return 'closed';
  if (topic.phase === 'draft') return 'notOpen';
  if (topic.phase === 'paused') return 'paused';
  if (!topic.isInvited) return 'uninvited';
  return topic.isOwn ? 'ownWork' : undefined;
}

const selectGate = statement<{ phase: string; isInvited: boolean; isOwn: boolean }>(`
  select topic_phase(phase, opens_at, closes_at, now()) as phase,
    ${isAdmittedSql({ topic: '$1', voter: '$2' })} as is_invited,
    ${hasOwnWorkSql({ voter: '$2', things: '$3, $4' })} as is_own
  from topics where id = $1 and deleted_at is null`);
