import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { counted, sayOnTerminal, showProgress } from '../things/progress.js';
import { type Topic, topicCalled } from '../things/topic-words.js';
import { catchUp } from './catch-up.js';
import { Ranker } from './ranker.js';

/** `rank --rebuild [--topic SLUG]`: computes the ratings anew from all the votes that stand. */
export const rankCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    rebuild: { type: 'boolean' },
    topic: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError('rank takes options only');
  if (!values.rebuild) throw new UsageError('--rebuild is missing; the running site ranks by itself');
  const { topic: slug } = values;
  return async ({ db }) => {
    const topics = slug === undefined ? await allTopics(db) : [await topicCalled(db, slug)];
    const ranker = new Ranker(db);
    sayOnTerminal('Folding the latest votes ...');
    await catchUp(db, ranker);
    for (const topic of topics) await rebuild(db, ranker, topic);
  };
};

function allTopics(db: Database): Promise<Topic[]> {
  return db.selectFrom('topics').select(['id', 'slug', 'title']).orderBy('slug').execute();
}

async function rebuild(db: Database, ranker: Ranker, topic: Topic): Promise<void> {
  const { total } = await db
    .selectFrom('votes')
    .where('topicId', '=', topic.id)
    .where('withdrawnAt', 'is', null)
    .select((expression) => expression.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const progress = showProgress(topic.title, total);
  let votes = 0;
  try {
    await ranker.refit(topic.id, (read) => {
      votes = read;
      progress.to(read);
    });
  } finally {
    progress.end();
  }
  console.info(`${topic.title}: rebuilt from ${counted(votes, 'vote')}.`);
}
