import type { Logger } from 'pino';
import type { Database } from '../../database.js';
import { every } from '../../every.js';
import type { LateSignOuts } from './pending-revocations.js';
import { sweepSessions } from './sessions.js';

const SWEEP_EVERY_MS = 30_000;
const SETTLE_EVERY_MS = 1_000;

/**
 * Marks sessions whose time is up, twice a minute, and records late sign-outs within a second of the record's
 * coming back, until it is stopped.
 */
export function startSweep(db: Database, lateSignOuts: LateSignOuts, log: Logger): { stop(): void } {
  const failure = 'sessions were not swept';
  const works = [
    every(SETTLE_EVERY_MS, () => lateSignOuts.settle(db), { log, failure }),
    every(SWEEP_EVERY_MS, () => sweepSessions(db), { log, failure }),
  ];
  return {
    stop: () => {
      for (const work of works) work.stop();
    },
  };
}
