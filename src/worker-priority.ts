import type { ChildProcess } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';

/**
 * How far a worker thread stays behind the thread that serves pages, for Piscina's `niceIncrement`. Only Linux
 * has a priority for each thread; elsewhere it would slow down the whole process. A process with a raised
 * priority keeps it for all threads, because nice(2) also returns -1 for an error.
 * @param increment 1 to 19: a higher value gives the thread less of a busy machine
 */
export const belowPages = (increment: number): number =>
  process.platform === 'linux' && getPriority() >= 0 ? increment : 0;

/**
 * Lowers a child's priority before it starts its threads. Where all cores are busy, pages come first.
 * @param priority 1 to 19: a higher value gives the child less of a busy machine
 */
export function yieldToPages({ pid }: ChildProcess, priority: number): void {
  // The site itself may have a lower priority already, and nobody but root may raise one.
  if (pid !== undefined) setPriority(pid, Math.max(getPriority(), priority));
}
