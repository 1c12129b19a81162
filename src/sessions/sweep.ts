import type { Logger } from 'pino';
import type { Database } from '../database.js';
import { sweepSessions } from './sessions.js';

const EVERY_MS = 30_000;

/** Marks sessions whose time is up, twice a minute, until it is stopped. */
export function startSweep(db: Database, log: Logger): { stop(): void } {
  const timer = setInterval(() => {
    sweepSessions(db).catch((error: unknown) => log.warn({ err: error }, 'sessions were not swept'));
  }, EVERY_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
