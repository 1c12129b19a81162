import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Config } from './config.js';
import type { Database } from './database.js';

/** A command was typed in a way that can't be understood; the message says what is wrong with it. */
export class UsageError extends Error {}

/** What a command works with. */
export interface Context {
  db: Database;
  config: Config;
  /** Begins every key in Redis, unless told otherwise. */
  prefix?: string;
}

/** Reads what was typed after a command's name, and gives the work that it asks for. @throws UsageError */
export type Command = (args: string[]) => (context: Context) => Promise<void>;

/**
 * Reads a command's words and options.
 * @throws UsageError for an option that the command doesn't have, or one without its value
 */
export function readArguments<Options extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: Options,
) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    // Node adds a second sentence on how to pass such a word as an argument, which no command here takes.
    throw new UsageError(error instanceof Error ? error.message.split('. ')[0] : String(error));
  }
}
