import { type Command, UsageError } from '../../command-line.js';

/** The options of `admin`. */
export interface AdminOptions {
  user?: string;
  all?: boolean;
  reason?: string;
  show?: string;
}

/** Something that `admin` does: it reads the words after its name, and the options. @throws UsageError */
export type AdminTask = (words: string[], options: AdminOptions) => ReturnType<Command>;

/** Reads a number that a list printed. @throws UsageError */
export function readId(word: string | undefined): number {
  if (!/^[1-9]\d{0,14}$/.test(word ?? '')) throw new UsageError('a number from the list is needed');
  return Number(word);
}

/** Returns the one name that a task takes. @throws UsageError for none, and for more */
export function onlyName(words: string[]): string {
  const [name, ...more] = words;
  if (name === undefined || more.length > 0) throw new UsageError('one name is needed');
  return name;
}
