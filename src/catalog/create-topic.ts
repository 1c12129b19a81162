import { randomBytes } from 'node:crypto';
import type { Transaction } from '../database.js';
import type { TopicAccess } from '../schema.js';
import { slugOf } from './slug.js';
import { recordTopicEvent } from './topic-events.js';
import { setRole } from './topic-roles.js';
import type { Topic } from './topics.js';

/** A topic that a user makes. Its texts are checked already. */
export interface NewTopic {
  title: string;
  question: string;
  access: TopicAccess;
  ownerId: number;
}

/** Creates a topic as a draft, with its owner. */
export async function createTopic(
  trx: Transaction,
  { ownerId, title, question, access }: NewTopic,
): Promise<Topic> {
  const topic = await trx
    .insertInto('topics')
    .values({ slug: newSlug(title, access), title, question, access, phase: 'draft' })
    .returning(['id', 'slug', 'title'])
    .executeTakeFirstOrThrow();
  await setRole(trx, { topicId: topic.id, userId: ownerId, role: 'owner' });
  await recordTopicEvent(trx, { topicId: topic.id, userId: ownerId, kind: 'created' });
  return topic;
}

/**
 * Makes a slug that no topic has. The link of a topic that is not public is its secret: 80 random bits, as many as no
 * one can try.
 */
export function newSlug(title: string, access: TopicAccess): string {
  const random = BigInt(`0x${randomBytes(access === 'public' ? 4 : 10).toString('hex')}`).toString(36);
  return access === 'public' ? `${slugOf(title, 40)}-${random}` : random;
}
