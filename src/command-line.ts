import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Config } from './config.js';
import type { Database } from './database.js';

/** The arguments of a command are wrong; the message says what is wrong. */
export class UsageError extends Error {}

/** The services that a command uses. */
export interface Context {
  db: Database;
  config: Config;
  /** Begins every key in Redis; the site's own prefix by default. */
  prefix?: string;
}

/** Parses the arguments of a command, and returns the function that runs it. @throws UsageError */
export type Command = (args: string[]) => (context: Context) => Promise<void>;

/** A command that opens the stores itself, because one of them may be away or empty. */
export type StoreCommand = (args: string[]) => (context: Omit<Context, 'db'>) => Promise<void>;

/**
 * Parses the positional arguments and options of a command.
 * @throws UsageError for an unknown option, or an option without its value
 */
export function readArguments<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node's second sentence says how to pass an option as a positional argument, which no command here
    // needs.
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
}
