import { findTopicOrThrow, listTopics, type Topic } from '../../catalog/topics.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import type { Database } from '../../database.js';
import { count } from '../../http/format.js';
import { kendallTau } from '../../ranking/math/kendall-tau.js';
import { catchUp } from '../../ranking/ranker/catch-up.js';
import type { TopicFit } from '../../ranking/ranker/fit.js';
import { Ranker } from '../../ranking/ranker/ranker.js';
import { hasVotes } from '../../ranking/ranker/ratings.js';
import { printStatus, startProgressBar } from './progress.js';

/**
 * `rank --rebuild [--topic SLUG]` fits all votes that stand and replaces the live ratings by the fit. `rank
 * --check` prints how far the live ratings are from such a fit, and changes nothing.
 */
export const rankCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, {
    rebuild: { type: 'boolean' },
    check: { type: 'boolean' },
    topic: { type: 'string' },
  });
  if (positionals.length > 0) throw new UsageError('rank takes options only');
  if (Boolean(values.rebuild) === Boolean(values.check))
    throw new UsageError('one of --rebuild and --check is needed; the running site ranks by itself');
  const { topic: slug } = values;
  const processTopic = values.rebuild ? rebuild : check;
  return async ({ db }) => {
    const topics = slug === undefined ? await listTopics(db) : [await findTopicOrThrow(db, slug)];
    const ranker = new Ranker(db);
    printStatus('Folding the latest votes ...');
    await catchUp(db, ranker);
    for (const topic of topics) await processTopic(db, ranker, topic);
  };
};

async function rebuild(db: Database, ranker: Ranker, topic: Topic): Promise<void> {
  const { votes } = await withProgress(db, topic, (onProgress) => ranker.refit(topic.id, onProgress));
  console.info(`${topic.title}: rebuilt from ${count(votes, 'vote')}.`);
}

async function check(db: Database, ranker: Ranker, topic: Topic): Promise<void> {
  const { votes, result } = await withProgress(db, topic, (onProgress) =>
    ranker.fit(topic.id, { onProgress }),
  );
  console.info(`${topic.title}: ${count(votes, 'vote')}; ${compareToFit(result)}.`);
}

async function withProgress<Result>(
  db: Database,
  topic: Topic,
  work: (onProgress: (votes: number) => void) => Promise<Result>,
): Promise<{ votes: number; result: Result }> {
  const { total } = await db
    .selectFrom('votes')
    .where('topicId', '=', topic.id)
    .where('withdrawnAt', 'is', null)
    .where('provisional', '=', false)
    .where('outcome', '<>', 'skip')
    .select((expression) => expression.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const progress = startProgressBar(topic.title, total);
  let votes = 0;
  try {
    const result = await work((votesRead) => {
      votes = votesRead;
      progress.update(votesRead);
    });
    return { votes, result };
  } finally {
    progress.stop();
  }
}

// `topic` has the live ratings, and `fit` the fit of the same votes.
function compareToFit({ fit, topic }: TopicFit): string {
  const indexes = [...topic.ids.keys()].filter((index) => hasVotes(topic, index));
  if (indexes.length < 2) return 'there is nothing to compare yet';
  const select = (means: Float64Array): Float64Array =>
    Float64Array.from(indexes, (index) => means[index] as number);
  const [live, fitted] = [select(topic.means), select(fit.means)];
  const largest = live.reduce(
    (most, mean, index) => Math.max(most, Math.abs(mean - (fitted[index] ?? 0))),
    0,
  );
  const tau = kendallTau(live, fitted).toFixed(4);
  return `live and fitted order agree with τ = ${tau}, and differ by ${largest.toFixed(4)} at most`;
}
