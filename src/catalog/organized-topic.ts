import type { Selectable } from 'kysely';
import type { Database } from '../database.js';
import type { TopicRole, TopicsTable } from '../schema.js';

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
