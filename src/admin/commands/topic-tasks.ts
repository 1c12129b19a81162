import type { TopicActor } from '../../catalog/change-phase.js';
import { makeDefault, setHidden } from '../../catalog/moderate-topic.js';
import { findTopicOrThrow } from '../../catalog/topics.js';
import { type Command, UsageError } from '../../command-line.js';
import type { Transaction } from '../../database.js';
import { count } from '../../http/format.js';
import { findTopics, TOPIC_FILTERS } from '../topics/find-topics.js';
import { handTopicTo } from '../topics/hand-over.js';
import { type AdminOptions, type AdminTask, onlyName } from './admin-task.js';

type Task = ReturnType<Command>;

/** What an operator does to topics. Admins do the same on the site. */
export const topicTasks: Record<string, AdminTask> = {
  'topics list': listTopics,
  'topics hide': (slugs) =>
    changeTopic(slugs, (trx, act) => setHidden(trx, act, true), {
      outcome: 'hidden from all but those who run it',
      refusal: 'is hidden already, or is the default topic',
    }),
  'topics show': (slugs) =>
    changeTopic(slugs, (trx, act) => setHidden(trx, act, false), {
      outcome: 'shown again',
      refusal: 'is not hidden',
    }),
  'topics default': (slugs) =>
    changeTopic(slugs, makeDefault, {
      outcome: 'the default topic',
      refusal: 'can’t be the default topic: that one is public, open, not hidden, and has two things',
    }),
  'topics give': giveTopic,
};

function listTopics(texts: string[], { show = 'all' }: AdminOptions): Task {
  const filter = TOPIC_FILTERS.find((known) => known === show);
  if (!filter || texts.length > 1) throw new UsageError(`--show takes ${TOPIC_FILTERS.join(', ')}`);
  return async ({ db }) => {
    const { topics, found } = await findTopics(db, { query: texts[0] ?? '', filter, page: 1 });
    for (const { slug, title, access, phase, isDefault, hiddenAt, things, votes, bytes } of topics) {
      const states = [access, phase, isDefault && 'default', hiddenAt && 'hidden'].filter(Boolean).join(', ');
      const size = `${count(things, 'thing')}, ${count(votes, 'vote')}, ${(bytes / 1e6).toFixed(1)} MB of pictures`;
      console.info(`${slug}: ${title} (${states}; ${size})`);
    }
    console.info(
      `${count(found, 'topic')}${found > topics.length ? `, the first ${topics.length} listed` : ''}.`,
    );
  };
}

function changeTopic(
  slugs: string[],
  change: (trx: Transaction, act: TopicActor) => Promise<boolean>,
  { outcome, refusal }: { outcome: string; refusal: string },
): Task {
  const slug = onlyName(slugs);
  return async ({ db }) => {
    const { id: topicId, title } = await findTopicOrThrow(db, slug);
    const isDone = await db.transaction().execute((trx) => change(trx, { topicId, userId: null }));
    if (!isDone) throw new Error(`${title} ${refusal}`);
    console.info(`${title} is ${outcome}.`);
  };
}

function giveTopic([slug, ...names]: string[]): Task {
  const username = onlyName(names);
  return async ({ db }) => {
    const { id: topicId, title } = await findTopicOrThrow(db, slug ?? '');
    if (!(await handTopicTo(db, 'operator', { topicId, username })))
      throw new Error(`there is nobody called ${username} who can log in`);
    console.info(`${title} belongs to ${username}.`);
  };
}
