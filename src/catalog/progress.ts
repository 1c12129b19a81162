import { SingleBar } from 'cli-progress';

/** A bar that shows on the terminal how far something is. */
export interface Progress {
  to(done: number): void;
  end(): void;
}

/**
 * Shows a bar on standard error while something goes on; shows nothing when that is not a terminal, or when
 * it is not known how much there is to do.
 * @param total what `to` counts up to
 */
export function showProgress(what: string, total: number): Progress {
  if (!process.stderr.isTTY || total === 0) return { to: () => undefined, end: () => undefined };
  const bar = new SingleBar({
    format: `${what} [{bar}] {percentage} %, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
  });
  bar.start(total, 0);
  return { to: (done) => bar.update(done), end: () => bar.stop() };
}

/** Says on the terminal what goes on now; a file or a pipe is spared it. */
export function sayOnTerminal(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

/** A count as people write it: 11,621. */
export const count = (value: number): string => value.toLocaleString('en');

/** A count with what is counted, which takes an s when there is not just one. */
export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
