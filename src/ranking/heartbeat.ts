import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../database.js';

const HEARTBEAT_MS = 500;

/**
 * Waits for a long calculation, and asks the database something twice a second meanwhile: it ends the ranker's
 * connection when it hears nothing, as of a process that is frozen.
 * @throws Error when the connection has ended; what the calculation finds out can't be written then
 */
export async function withHeartbeat<Result>(db: Database, calculation: Promise<Result>): Promise<Result> {
  const over = new AbortController();
  const result = calculation.finally(() => over.abort());
  // It may fail after a heartbeat did.
  result.catch(() => undefined);
  while (!over.signal.aborted) {
    await sleep(HEARTBEAT_MS, undefined, { signal: over.signal }).catch(() => undefined);
    if (!over.signal.aborted) await sql`select 1`.execute(db);
  }
  return result;
}
