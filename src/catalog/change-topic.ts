import type { Transaction } from '../database.js';
import type { TopicAccess, TopicNotes, TopicResults } from '../schema.js';
import { newSlug } from './create-topic.js';
import { formatGoal, type Goal } from './goal.js';
import type { OrganizedTopic } from './organized-topic.js';
import { invalidateTopicCaches } from './things.js';
import { recordTopicEvent } from './topic-events.js';
import { setGoal } from './topics.js';

/** What those who run a topic set. The texts are checked already. */
export interface TopicSettings {
  title: string;
  question: string;
  access: TopicAccess;
  goal: Goal;
  results: TopicResults;
  votesEach: number | null;
  takesSuggestions: boolean;
  notes: TopicNotes;
  embedOrigins: string[];
}

/**
 * Changes the settings of a topic. A topic that becomes public, or no longer is, gets another slug: the link of one that
 * is not public is its secret.
 * @returns the slug
 */
export async function changeTopic(
  trx: Transaction,
  { topic, userId }: { topic: OrganizedTopic['topic']; userId: number },
  settings: TopicSettings,
): Promise<string> {
  const { goal, ...columns } = settings;
  const wasPublic = topic.access === 'public';
  const slug =
    wasPublic === (settings.access === 'public') ? topic.slug : newSlug(settings.title, settings.access);
  const changed = (Object.keys(columns) as (keyof typeof columns)[]).filter(
    (name) => String(columns[name]) !== String(topic[name]),
  );
  const names: string[] = formatGoal(goal) === topic.goal ? changed : [...changed, 'goal'];
  if (names.length === 0) return slug;
  await trx
    .updateTable('topics')
    // A code would let in people without an invitation.
    .set({ ...columns, slug, ...(settings.access === 'invited' ? { code: null } : {}) })
    .where('id', '=', topic.id)
    .execute();
  await setGoal(trx, topic.id, goal);
  await recordTopicEvent(trx, {
    ...{ topicId: topic.id, userId, kind: 'settings changed', details: { changed: names.join(', ') } },
  });
  await invalidateTopicCaches(trx, topic.id);
  return slug;
}
