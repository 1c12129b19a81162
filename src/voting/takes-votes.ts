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
    and (access <> 'invited' or ${isInvitedSql({ topic, voter })})
  for key share of topics)`;

const isInvitedSql = ({ topic, voter }: { topic: string; voter: string }): string => `(
  exists (select from invitations where invitations.topic_id = ${topic} and invitations.voter_id = ${voter}
    and joined_at is not null and revoked_at is null)
  or exists (select from topic_roles where topic_roles.topic_id = ${topic} and user_id = ${voter}))`;

/** Why a topic does not take a voter's votes; undefined when it does. */
export async function whyRefused(
  db: Database,
  { topicId, voterId }: { topicId: number; voterId: number },
): Promise<'notOpen' | 'paused' | 'closed' | 'uninvited' | undefined> {
  const [topic] = await selectGate(db, topicId, voterId);
  if (!topic || topic.phase === 'closed') return 'closed';
  if (topic.phase === 'draft') return 'notOpen';
  if (topic.phase === 'paused') return 'paused';
  return topic.isInvited ? undefined : 'uninvited';
}

const selectGate = statement<{ phase: string; isInvited: boolean }>(`
  select topic_phase(phase, opens_at, closes_at, now()) as phase,
    access <> 'invited' or ${isInvitedSql({ topic: '$1', voter: '$2' })} as is_invited
  from topics where id = $1 and deleted_at is null`);
