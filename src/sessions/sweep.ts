import type { Logger } from 'pino';
import type { Database } from '../database.js';
import type { LateSignOuts } from './late-sign-outs.js';
import { sweepSessions } from './sessions.js';

const EVERY_MS = 30_000;

/** Records late sign-outs and marks sessions whose time is up, twice a minute, until it is stopped. */
export function startSweep(db: Database, lateSignOuts: LateSignOuts, log: Logger): { stop(): void } {
  const timer = setInterval(() => {
    const sweep = lateSignOuts.settle(db).then(() => sweepSessions(db));
    sweep.catch((error: unknown) => log.warn({ err: error }, 'sessions were not swept'));
  }, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
