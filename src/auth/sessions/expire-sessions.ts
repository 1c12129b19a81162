import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { every } from '../../every.js';
import type { PendingRevocations } from './pending-revocations.js';
import { expireSessions } from './sessions.js';

const SWEEP_EVERY_MS = 30_000;
const SETTLE_EVERY_MS = 1_000;

/**
 * Marks sessions whose time is up, twice a minute, and records late sign-outs within a second of the record's
 * coming back, until it is stopped.
 */
export function startExpiringSessions(
  db: Database,
  pendingRevocations: PendingRevocations,
  log: Logger,
): { stop(): void } {
  const failure = 'sessions were not swept';
  const works = [
    every(SETTLE_EVERY_MS, () => pendingRevocations.settle(db), { log, failure }),
    every(SWEEP_EVERY_MS, () => expireSessions(db), { log, failure }),
  ];
  return {
    stop: () => {
      for (const work of works) work.stop();
    },
  };
}
