import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { runPeriodically } from '../../run-periodically.js';
import { expireSessions } from './end-sessions.js';
import type { PendingRevocations } from './pending-revocations.js';

const EXPIRE_EVERY_MS = 30_000;
const FLUSH_EVERY_MS = 1_000;

/**
 * Marks expired sessions every 30 seconds, and records pending log-outs within a second after Postgres is
 * back. Runs until it is stopped.
 */
export function startSessionMaintenance(
  db: Database,
  pendingRevocations: PendingRevocations,
  log: Logger,
): { stop(): void } {
  const jobs = [
    runPeriodically(FLUSH_EVERY_MS, () => pendingRevocations.flush(db), {
      log,
      failure: 'pending log-outs could not be recorded',
    }),
    runPeriodically(EXPIRE_EVERY_MS, () => expireSessions(db), {
      log,
      failure: 'sessions could not be expired',
    }),
  ];
  return {
    stop: () => {
      for (const job of jobs) job.stop();
    },
  };
}
