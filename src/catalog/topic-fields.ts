import type { Database } from '../database.js';
import { ImportError } from './row-problems.js';

/** What a topic is called and asks; without them a new topic makes do with its slug and a question for anything. */
export interface TopicWords {
  slug: string;
  title?: string | undefined;
  question?: string | undefined;
}

/** A topic as the commands speak of it. */
export interface Topic {
  id: number;
  slug: string;
  title: string;
}

/** A topic by the name in its addresses. @throws Error naming the topics there are when it is none of them */
export async function topicCalled(db: Database, slug: string): Promise<Topic> {
  const topics = await db.selectFrom('topics').select(['id', 'slug', 'title']).orderBy('slug').execute();
  const topic = topics.find((one) => one.slug === slug);
  if (topic) return topic;
  throw new Error(
    `there is no topic ${JSON.stringify(slug)}; there are ${topics.map((one) => one.slug).join(', ')}`,
  );
}

/**
 * Makes a topic, or gives the one that is there the title and question that are given.
 * @throws ImportError when the title (1 to 80 characters) or the question (1 to 120) can't be used
 */
export async function saveTopic(trx: Database, { slug, title, question }: TopicWords): Promise<Topic> {
  const given = {
    ...(title === undefined ? {} : { title: readWords('title', title, 80) }),
    ...(question === undefined ? {} : { question: readWords('question', question, 120) }),
  };
  return trx
    .insertInto('topics')
    .values({ slug, title: titleOf(slug), question: 'Which do you prefer?', ...given })
    .onConflict((conflict) => conflict.column('slug').doUpdateSet({ slug, ...given }))
    .returning(['id', 'slug', 'title'])
    .executeTakeFirstOrThrow();
}

function readWords(what: string, text: string, most: number): string {
  const words = text.trim().normalize('NFC');
  const length = [...words].length;
  if (length === 0 || length > most || /\p{Cc}/u.test(words))
    throw new ImportError(`the topic's ${what} must be one line of 1 to ${most} characters`);
  return words;
}

function titleOf(slug: string): string {
  const words = slug.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
