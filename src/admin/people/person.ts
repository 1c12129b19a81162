import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { TopicRole } from '../../schema.js';
import type { VoterDecision } from './voters.js';

/** A person as their page for admins shows them. */
export interface Person {
  id: number;
  username: string;
  role: 'member' | 'admin';
  createdAt: Date;
  disabledAt: Date | null;
  disabledReason: string | null;
  awaitingSince: Date | null;
  /** Number of live sessions, and when one was last used. */
  sessions: number;
  lastSeenAt: Date | null;
  /** Number of votes that stand, skips included. */
  votes: number;
  /** What admins decided last about these votes; null when nothing was. */
  decision: VoterDecision | null;
  topics: { id: number; title: string; role: TopicRole }[];
}

/** Reads a person; undefined when there is none. */
export async function findPerson(db: Database, id: number): Promise<Person | undefined> {
  const { rows } = await sql<Omit<Person, 'topics'>>`
    select id, username, role, created_at, disabled_at, disabled_reason, awaiting_since,
      (select count(*) from sessions where user_id = users.id and status = 'active')::int as sessions,
      (select max(last_seen_at) from sessions where user_id = users.id) as last_seen_at,
      (select count(*) from votes where voter_id = users.id and withdrawn_at is null)::int as votes,
      (select kind from voter_events where voter_id = users.id and topic_id is null
        order by voter_events.id desc limit 1) as decision
    from users where id = ${id}`.execute(db);
  const [person] = rows;
  if (!person) return undefined;
  const topics = await db
    .selectFrom('topicRoles')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('userId', '=', id)
    .where('deletedAt', 'is', null)
    .select(['topics.id', 'title', 'topicRoles.role'])
    .orderBy('title')
    .limit(100)
    .execute();
  return { ...person, topics };
}
