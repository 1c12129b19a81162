import { sql } from 'kysely';
import type { Transaction } from '../database.js';
import { createTopic } from './create-topic.js';
import type { OrganizedTopic } from './organized-topic.js';
import { recordTopicEvent } from './topic-events.js';
import type { Topic } from './topics.js';

/** Makes a new draft with the things and settings of a topic, without its votes, dates, people and voters. */
export async function copyTopic(
  trx: Transaction,
  { topic, ownerId }: { topic: OrganizedTopic['topic']; ownerId: number },
): Promise<Topic> {
  const { title, question, access } = topic;
  const copy = await createTopic(trx, { title: copiedTitle(title), question, access, ownerId });
  const { results, goal, timeZone, votesEach, takesSuggestions, notes, embedOrigins } = topic;
  await trx
    .updateTable('topics')
    .set({ results, goal, timeZone, votesEach, takesSuggestions, notes, embedOrigins })
    .where('id', '=', copy.id)
    .execute();
  await sql`
    insert into topic_pictures (topic_id, hash, unused_since)
    select ${copy.id}, hash, unused_since from topic_pictures where topic_id = ${topic.id}`.execute(trx);
  await sql`
    insert into things (topic_id, added_by, slug, name, picture, description, link, text, tags, location, team)
    select ${copy.id}, ${ownerId}, slug, name, picture, description, link, text, tags, location, team
    from things where topic_id = ${topic.id} and retired_at is null order by id`.execute(trx);
  await recordTopicEvent(trx, {
    ...{ topicId: copy.id, userId: ownerId, kind: 'copied', details: { from: title } },
  });
  return copy;
}

const copiedTitle = (title: string): string => `${[...title].slice(0, 73).join('')} (copy)`;
