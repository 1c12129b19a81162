import { setTimeout as sleep } from 'node:timers/promises';
import type { Attempt, Voter } from './voter.js';

/** A p99 is that of the requests that began within so many milliseconds. */
export const WINDOW_MS = 2_000;
const GIVE_UP_AFTER_MS = 20_000;

/**
 * Returns the 99th percentile of the waits of requests that began from a time on, within `WINDOW_MS`, in
 * milliseconds. It is Infinity when nobody asked, or more than one in a hundred got no answer.
 * @param from milliseconds, as of `performance.now`
 */
export function p99(voters: Voter[], from: number): number {
  const now = performance.now();
  const waits = attemptsOf(voters)
    .filter(({ startedAt }) => startedAt >= from && startedAt < from + WINDOW_MS)
    .map((attempt) => waitOf(attempt, now))
    .sort((one, other) => one - other);
  return waits[Math.ceil(waits.length * 0.99) - 1] ?? Number.POSITIVE_INFINITY;
}

/**
 * Waits until the p99 is within a limit, and nobody waits any more who asked before.
 * @param since when the fault ended, as of `performance.now`
 * @returns how many seconds after `since` the good window began; Infinity when none begins within 20 s
 */
export async function secondsUntilBack(voters: Voter[], since: number, limitMs: number): Promise<number> {
  for (;;) {
    const from = performance.now() - WINDOW_MS - limitMs;
    const isWaiting = attemptsOf(voters).some(
      ({ startedAt, endedAt }) => startedAt < from && endedAt === undefined,
    );
    if (from >= since && !isWaiting && p99(voters, from) <= limitMs)
      return Math.round((from - since) / 100) / 10;
    if (from - since > GIVE_UP_AFTER_MS) return Number.POSITIVE_INFINITY;
    await sleep(100);
  }
}

const attemptsOf = (voters: Voter[]): Attempt[] => voters.flatMap(({ attempts }) => attempts);

const waitOf = ({ startedAt, endedAt, isAnswered }: Attempt, now: number): number =>
  isAnswered === false ? Number.POSITIVE_INFINITY : (endedAt ?? now) - startedAt;
