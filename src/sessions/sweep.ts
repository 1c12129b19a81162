import type { Logger } from 'pino';
import type { Database } from '../database.js';
import type { LateSignOuts } from './late-sign-outs.js';
import { sweepSessions } from './sessions.js';

const SWEEP_EVERY_MS = 30_000;
const SETTLE_EVERY_MS = 1_000;

/**
 * Marks sessions whose time is up, twice a minute, and records late sign-outs within a second of the record's
 * coming back, until it is stopped.
 */
export function startSweep(db: Database, lateSignOuts: LateSignOuts, log: Logger): { stop(): void } {
  const timers = [
    every(SETTLE_EVERY_MS, () => lateSignOuts.settle(db), log),
    every(SWEEP_EVERY_MS, () => sweepSessions(db), log),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

function every(milliseconds: number, work: () => Promise<void>, log: Logger): NodeJS.Timeout {
  let isBusy = false;
  const timer = setInterval(async () => {
    if (isBusy) return;
    isBusy = true;
    await work().catch((error: unknown) => log.warn({ err: error }, 'sessions were not swept'));
    isBusy = false;
  }, milliseconds);
  return timer.unref();
}
