import { addThings } from '../catalog/add-things.js';
import { createTopic } from '../catalog/create-topic.js';
import type { ThingCells } from '../catalog/thing-fields.js';
import { recordTopicEvent } from '../catalog/topic-events.js';
import { readTopicLine, TOPIC_LENGTHS, type Topic } from '../catalog/topics.js';
import type { Config } from '../config.js';
import type { Database, Transaction } from '../database.js';
import { Problem } from '../http/problem.js';
import type { TopicAccess } from '../schema.js';

/** The fields of a topic as somebody typed them. */
export interface TopicTexts {
  title: string;
  question: string;
  access: string;
}

/** What is wrong with each field. */
export type TopicErrors = Partial<Record<keyof TopicTexts | 'things', string>>;

/** The kinds of access, in the order in which a form offers them. */
export const ACCESSES: readonly TopicAccess[] = ['link', 'public', 'invited'];

/** Reads a kind of access; undefined when the text is none. */
export const readAccess = (text: string): TopicAccess | undefined =>
  ACCESSES.find((access) => access === text);

/** Finds what is wrong with the title, the question and the access of a topic. */
export function checkTopicTexts({ title, question, access }: TopicTexts): TopicErrors {
  const errors: TopicErrors = {};
  for (const [field, text] of [
    ['title', title],
    ['question', question],
  ] as const)
    if (readTopicLine(field, text) === undefined)
      errors[field] = `Write a ${field} of 1 to ${TOPIC_LENGTHS[field]} characters, on one line.`;
  if (!readAccess(access)) errors.access = 'Choose who can vote.';
  return errors;
}

/**
 * Creates a topic with its things, as a draft. The texts are checked already.
 * @throws Problem 403 when the owner has as many topics as one person may have
 */
export async function makeTopic(
  db: Database,
  config: Pick<Config, 'maxTopicsPerPerson'>,
  { ownerId, texts, things }: { ownerId: number; texts: TopicTexts; things: ThingCells[] },
): Promise<Topic> {
  return db.transaction().execute(async (trx) => {
    await limitTopics(trx, config, ownerId);
    const topic = await createTopic(trx, {
      ownerId,
      title: readTopicLine('title', texts.title) ?? '',
      question: readTopicLine('question', texts.question) ?? '',
      access: readAccess(texts.access) ?? 'link',
    });
    const added = await addThings(trx, { topicId: topic.id, things, addedBy: ownerId });
    if (added > 0)
      await recordTopicEvent(trx, {
        ...{ topicId: topic.id, userId: ownerId, kind: 'things added', details: { count: added } },
      });
    return topic;
  });
}

/** @throws Problem 403 when a user has as many topics as one person may have */
export async function limitTopics(
  trx: Transaction,
  { maxTopicsPerPerson }: Pick<Config, 'maxTopicsPerPerson'>,
  userId: number,
): Promise<void> {
  if ((await countTopicsOf(trx, userId)) < maxTopicsPerPerson) return;
  throw new Problem(
    403,
    `You have ${maxTopicsPerPerson} topics`,
    'That is the most for one person. Delete one that you no longer need, and try again.',
  );
}

// The lock on the user lets two requests at once not pass the limit together.
async function countTopicsOf(trx: Transaction, userId: number): Promise<number> {
  await trx.selectFrom('users').where('id', '=', userId).select('id').forNoKeyUpdate().execute();
  const { topics } = await trx
    .selectFrom('topicRoles')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('userId', '=', userId)
    .where('topicRoles.role', '=', 'owner')
    .where('deletedAt', 'is', null)
    .select(({ fn }) => fn.countAll<number>().as('topics'))
    .executeTakeFirstOrThrow();
  return Number(topics);
}
