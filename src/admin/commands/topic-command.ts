import { formatGoal, MAX_GOAL, parseGoal } from '../../catalog/goal.js';
import { findTopicOrThrow, setGoal } from '../../catalog/topics.js';
import { type Command, readArguments, UsageError } from '../../command-line.js';
import { inTransaction } from '../../database.js';

/** `topic SLUG --goal winner|'top N'|order`: sets what the votes of a topic should settle. */
export const topicCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { goal: { type: 'string' } });
  const [slug, ...rest] = positionals;
  if (!slug || rest.length > 0) throw new UsageError('topic takes the slug of one topic');
  if (values.goal === undefined) throw new UsageError('--goal is missing');
  const goal = parseGoal(values.goal);
  if (goal === undefined)
    throw new UsageError(
      `${JSON.stringify(values.goal)} is not a goal: use winner, 'top N' (1 to ${MAX_GOAL}) or order`,
    );
  return async ({ db }) => {
    const topic = await findTopicOrThrow(db, slug);
    await inTransaction(db, (trx) => setGoal(trx, topic.id, goal));
    console.info(`${topic.title}: the goal is ${formatGoal(goal)}.`);
  };
};
