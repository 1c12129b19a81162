import { openFlags } from '../../catalog/flags.js';
import { openSuggestions } from '../../catalog/suggestions.js';
import { type Command, UsageError } from '../../command-line.js';
import { count } from '../../http/format.js';
import { Problem } from '../../http/problem.js';
import { type DecisionForm, formOf } from '../../organize/review.js';
import { closeFlagAnywhere, decideAnywhere } from '../review/decide.js';
import { type AdminTask, onlyName, readId } from './admin-task.js';

type Task = ReturnType<Command>;

/** What an operator does about what voters proposed and flagged. Admins do the same on the site. */
export const reviewTasks: Record<string, AdminTask> = {
  'review list': (words) => {
    if (words.length > 0) throw new UsageError('review list takes nothing');
    return printQueue;
  },
  'review accept': (words) => decide(onlyName(words), { action: 'accept' }),
  'review merge': ([id = '', ...words]) => decide(id, { action: 'merge', into: onlyName(words) }),
  'review refuse': (words, { reason = '' }) => decide(onlyName(words), { action: 'refuse', reason }),
  'review close': closeFlag,
};

const printQueue: Task = async ({ db }) => {
  const [suggestions, flags] = [await openSuggestions(db), await openFlags(db)];
  for (const { id, topicTitle, name, username } of suggestions)
    console.info(`suggestion ${id}, ${topicTitle}: ${name}, by ${username ?? 'a guest'}`);
  for (const { id, topicTitle, name, reason } of flags)
    console.info(`flag ${id}, ${topicTitle}: ${name}: ${reason}`);
  console.info(`${count(suggestions.length, 'suggestion')} and ${count(flags.length, 'flag')}.`);
};

function decide(word: string, decision: Partial<DecisionForm> & { action: string }): Task {
  const suggestionId = readId(word);
  return async ({ db, config }) => {
    const one = (await openSuggestions(db)).find(({ id }) => id === suggestionId);
    if (!one) throw new Error(`no suggestion ${suggestionId} waits for a decision`);
    const form: DecisionForm = { ...formOf(one), ...decision };
    const error = await decideAnywhere({ db, config }, { suggestionId, userId: null }, form);
    if (error) throw new Error(error);
    console.info(`${one.name} is decided.`);
  };
}

function closeFlag(words: string[]): Task {
  const flagId = readId(onlyName(words));
  return async ({ db }) => {
    await closeFlagAnywhere(db, { flagId, userId: null }).catch((error: unknown) => {
      throw error instanceof Problem ? new Error(`there is no flag ${flagId}`) : error;
    });
    console.info('The flag is closed.');
  };
}
