import { type Command, readArguments, UsageError } from '../../command-line.js';
import { exportRanking, exportThings, exportVotes } from '../../ranking/transfer/export.js';

/** `export things|votes|ranking --topic SLUG`: writes CSV to standard output. */
export const exportCommand: Command = (args) => {
  const { values, positionals } = readArguments(args, { topic: { type: 'string' } });
  const writers = { things: exportThings, votes: exportVotes, ranking: exportRanking };
  const [kind = '', ...rest] = positionals;
  if (!Object.hasOwn(writers, kind) || rest.length > 0)
    throw new UsageError('export takes one of the words things, votes and ranking');
  const { topic } = values;
  if (!topic) throw new UsageError('--topic is missing');
  return ({ db }) => writers[kind as keyof typeof writers](db, topic, process.stdout);
};
