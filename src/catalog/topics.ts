import type { Selectable } from 'kysely';
import type { Database, Transaction } from '../database.js';
import { normalForm } from '../normal-form.js';
import type { TopicsTable } from '../schema.js';
import { formatGoal, type Goal } from './goal.js';
import { ImportError } from './row-problems.js';
import { invalidateTopicCaches } from './things.js';

/** A topic as commands need it: to name it, and to find its rows. */
export interface Topic {
  id: number;
  slug: string;
  title: string;
}

/** The fields of a topic that an import can set. */
export interface TopicFields {
  slug: string;
  /** 1 to 80 characters. A new topic without a title gets one made from its slug. */
  title?: string | undefined;
  /** 1 to 120 characters. A new topic without a question asks "Which do you prefer?". */
  question?: string | undefined;
}

/** The start of a topic's paths: empty for the default topic, whose pages are `/vote` and `/top`. */
export function topicPath(topic: { isDefault: boolean; slug: string }): string {
  return topic.isDefault ? '' : `/topics/${topic.slug}`;
}

/** The most characters of a topic's title and question. */
export const TOPIC_LENGTHS = { title: 80, question: 120 };

/**
 * Reads the title or the question of a topic: one line of 1 to 80 or 120 characters.
 * @returns undefined when the text is not valid
 */
export function readTopicLine(field: keyof typeof TOPIC_LENGTHS, text: string): string | undefined {
  const line = normalForm(text.trim(), 'NFC');
  const length = [...line].length;
  const isValid = length > 0 && length <= TOPIC_LENGTHS[field] && !/\p{Cc}/u.test(line);
  return isValid ? line : undefined;
}

/** The start of the paths of a topic's things. Those of a topic that is not public are below its own path. */
export const thingsPath = ({ access, slug }: Pick<Selectable<TopicsTable>, 'access' | 'slug'>): string =>
  access === 'public' ? '/things' : `/topics/${slug}/things`;

/** Lists all topics, sorted by slug. */
export async function listTopics(db: Database): Promise<Topic[]> {
  return db.selectFrom('topics').select(['id', 'slug', 'title']).orderBy('slug').execute();
}

/**
 * Finds a topic by its slug.
 * @throws Error when there is no such topic; its message lists the slugs that exist
 */
export async function findTopicOrThrow(db: Database, slug: string): Promise<Topic> {
  const topics = await listTopics(db);
  const topic = topics.find((one) => one.slug === slug);
  if (topic) return topic;
  throw new Error(
    `there is no topic ${JSON.stringify(slug)}; there are ${topics.map((one) => one.slug).join(', ')}`,
  );
}

/**
 * Creates a topic, or updates the title and the question of an existing one where they are given.
 * @throws ImportError when the title (1 to 80 characters) or the question (1 to 120) is not valid
 */
export async function saveTopic(trx: Transaction, { slug, title, question }: TopicFields): Promise<Topic> {
  const given = {
    ...(title === undefined ? {} : { title: readLine('title', title) }),
    ...(question === undefined ? {} : { question: readLine('question', question) }),
  };
  return trx
    .insertInto('topics')
    .values({ slug, title: titleFromSlug(slug), question: 'Which do you prefer?', ...given })
    .onConflict((conflict) => conflict.column('slug').doUpdateSet({ slug, ...given }))
    .returning(['id', 'slug', 'title'])
    .executeTakeFirstOrThrow();
}

/**
 * Sets what the votes of a topic should settle. The course towards another goal says nothing about this one, so it
 * starts anew.
 */
export async function setGoal(trx: Transaction, topicId: number, goal: Goal): Promise<void> {
  const changed = await trx
    .updateTable('topics')
    .set({ goal: formatGoal(goal) })
    .where('id', '=', topicId)
    .where('goal', '<>', formatGoal(goal))
    .returning('id')
    .executeTakeFirst();
  if (!changed) return;
  // In the order in which the ranker locks these rows. Another order could let the two wait for each other.
  await invalidateTopicCaches(trx, topicId);
  await trx.updateTable('boards').set({ expectedShare: null }).where('topicId', '=', topicId).execute();
  await trx.deleteFrom('goalProgress').where('topicId', '=', topicId).execute();
}

function readLine(field: 'title' | 'question', text: string): string {
  const line = readTopicLine(field, text);
  if (line === undefined)
    throw new ImportError(`the topic's ${field} must be one line of 1 to ${TOPIC_LENGTHS[field]} characters`);
  return line;
}

function titleFromSlug(slug: string): string {
  const title = slug.replaceAll('-', ' ');
  return `${title.charAt(0).toUpperCase()}${title.slice(1)}`;
}
