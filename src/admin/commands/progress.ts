import { SingleBar } from 'cli-progress';
import type { ImportedThings } from '../../catalog/import-things.js';
import { count, number } from '../../http/format.js';

/** A progress bar on the terminal. */
interface ProgressBar {
  update(done: number): void;
  stop(): void;
}

/**
 * Starts a progress bar on standard error. Shows nothing when that is not a terminal, or when `total` is 0, because it is not known.
 * @param total the value of `update` at which the work is done
 */
export function startProgressBar(label: string, total: number): ProgressBar {
  if (!process.stderr.isTTY || total === 0) return { update: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage} %, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

/** Writes a status line to standard error, but only when that is a terminal. */
export function printStatus(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

/** Prints how many things of a topic were added, changed and left as they were. */
export function printImported({ added, changed, unchanged, topic }: ImportedThings): void {
  const counts = `${count(added, 'thing')} added, ${number(changed)} changed, ${number(unchanged)} unchanged`;
  console.info(`${topic.title}: ${counts}.`);
}
