import type { Selectable } from 'kysely';
import type { Database } from '../database.js';
import type { TopicPhase, TopicRole, TopicsTable } from '../schema.js';
import { phaseAt } from './phase.js';

/** A topic as the people who run it see it, and what one of them may do. */
export interface OrganizedTopic {
  topic: Selectable<TopicsTable>;
  role: TopicRole;
}

/**
 * Finds a topic by its slug for a user who has a role in it; undefined for everyone else. A deleted topic is found
 * as well.
 */
export async function findOrganizedTopic(
  db: Database,
  { slug, userId }: { slug: string; userId: number },
): Promise<OrganizedTopic | undefined> {
  const row = await db
    .selectFrom('topics')
    .innerJoin('topicRoles', 'topicId', 'topics.id')
    .where('slug', '=', slug)
    .where('userId', '=', userId)
    .selectAll('topics')
    .select('role')
    .executeTakeFirst();
  if (!row) return undefined;
  const { role, ...topic } = row;
  return { topic, role };
}

/** A topic in the list of those that a user runs. */
export interface OwnedTopic {
  title: string;
  phase: TopicPhase;
  /** The page for those who run it. */
  path: string;
}

/** The topics in which a user has a role, the newest first; 100 at most. Deleted ones are left out. */
export async function listOrganizedTopics(db: Database, userId: number): Promise<OwnedTopic[]> {
  const rows = await db
    .selectFrom('topics')
    .innerJoin('topicRoles', 'topicId', 'topics.id')
    .where('userId', '=', userId)
    .where('deletedAt', 'is', null)
    .select(['slug', 'title', 'phase', 'opensAt', 'closesAt'])
    .orderBy('topics.id', 'desc')
    .limit(100)
    .execute();
  return rows.map(({ slug, title, ...schedule }) => ({
    ...{ title, phase: phaseAt(schedule), path: `/topics/${slug}/manage` },
  }));
}
