import { counted, sayOnTerminal, showProgress } from '../catalog/progress.js';
import { type Topic, topicCalled } from '../catalog/topic-fields.js';
import { type Command, readArguments, UsageError } from '../command-line.js';
import type { Database } from '../database.js';
import { kendallTau } from '../ranking/math/agreement.js';
import { catchUp } from '../ranking/ranker/catch-up.js';
import type { Fitted } from '../ranking/ranker/fit.js';
import { Ranker } from '../ranking/ranker/ranker.js';
import { hasVotes } from '../ranking/ranker/ratings.js';

/**
 * `rank --rebuild [--topic SLUG]` fits all the votes that stand and puts the ratings in place of the live ones;
 * `rank --check` says how far these lie from such a fit, and changes nothing.
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
  const work = values.rebuild ? rebuild : check;
  return async ({ db }) => {
    const topics = slug === undefined ? await allTopics(db) : [await topicCalled(db, slug)];
    const ranker = new Ranker(db);
    sayOnTerminal('Folding the latest votes ...');
    await catchUp(db, ranker);
    for (const topic of topics) await work(db, ranker, topic);
  };
};

function allTopics(db: Database): Promise<Topic[]> {
  return db.selectFrom('topics').select(['id', 'slug', 'title']).orderBy('slug').execute();
}

async function rebuild(db: Database, ranker: Ranker, topic: Topic): Promise<void> {
  const { votes } = await withProgress(db, topic, (onProgress) => ranker.refit(topic.id, onProgress));
  console.info(`${topic.title}: rebuilt from ${counted(votes, 'vote')}.`);
}

async function check(db: Database, ranker: Ranker, topic: Topic): Promise<void> {
  const { votes, done } = await withProgress(db, topic, (onProgress) => ranker.fit(topic.id, { onProgress }));
  console.info(`${topic.title}: ${counted(votes, 'vote')}; ${compare(done)}.`);
}

async function withProgress<Done>(
  db: Database,
  topic: Topic,
  work: (onProgress: (votes: number) => void) => Promise<Done>,
): Promise<{ votes: number; done: Done }> {
  const { total } = await db
    .selectFrom('votes')
    .where('topicId', '=', topic.id)
    .where('withdrawnAt', 'is', null)
    .where('provisional', '=', false)
    .where('outcome', '<>', 'skip')
    .select((expression) => expression.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const progress = showProgress(topic.title, total);
  let votes = 0;
  try {
    const done = await work((read) => {
      votes = read;
      progress.to(read);
    });
    return { votes, done };
  } finally {
    progress.end();
  }
}

/** How far the ratings as they were kept lie from a fit of the votes they rest on. */
function compare({ fit, topic }: Fitted): string {
  const voted = [...topic.ids.keys()].filter((index) => hasVotes(topic, index));
  if (voted.length < 2) return 'there is nothing to compare yet';
  const of = (means: Float64Array): Float64Array =>
    Float64Array.from(voted, (index) => means[index] as number);
  const [live, fitted] = [of(topic.means), of(fit.means)];
  const largest = live.reduce(
    (most, mean, index) => Math.max(most, Math.abs(mean - (fitted[index] ?? 0))),
    0,
  );
  const tau = kendallTau(live, fitted).toFixed(4);
  return `live and fitted order agree with τ = ${tau}, and differ by ${largest.toFixed(4)} at most`;
}
