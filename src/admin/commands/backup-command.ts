import { readArguments, type StoreCommand, UsageError } from '../../command-line.js';
import { count } from '../../http/format.js';
import { PREFIX } from '../../redis.js';
import { backUp } from '../backup/backup.js';
import { restore } from '../backup/restore.js';

/** `backup [FILE]`: writes the database to a file, by default one with the time in its name. */
export const backupCommand: StoreCommand = (args) => {
  const { positionals } = readArguments(args, {});
  if (positionals.length > 1) throw new UsageError('backup takes one file');
  return async ({ config }) => {
    const file =
      positionals[0] ?? `thinga-${new Date().toISOString().replace(/\W/g, '').slice(0, 15)}.backup`;
    const bytes = await backUp(config, file);
    console.info(
      `${file} has the whole database (${(bytes / 1e6).toFixed(1)} MB). SESSION_SECRET is not in it.`,
    );
  };
};

/** `restore FILE`: reads such a file into an empty database. */
export const restoreCommand: StoreCommand = (args) => {
  const { positionals } = readArguments(args, {});
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0) throw new UsageError('restore takes one file');
  return async ({ config, prefix = PREFIX }) => {
    const ended = await restore(config, file, prefix);
    console.info(
      `Restored. ${count(ended, 'session')} ended: everyone logs in again. The site ranks when it starts.`,
    );
  };
};
