import type { Database } from '../../database.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from './client.js';
import type { Attempt, Throttle } from './throttle.js';

/**
 * Counts and records an attempt that was refused. Unknown names are recorded too, so that the response time tells
 * nothing.
 * @param refused.isAllowed false when the account had to wait
 */
export async function recordRefusal(
  { db, throttle }: { db: Database; throttle: Throttle },
  {
    attempt,
    isAllowed,
    event: { kind, ...event },
  }: {
    attempt: Attempt;
    isAllowed: boolean;
    event: { kind: 'login' | 'recovery'; userId: number | null; client: Client };
  },
): Promise<void> {
  // The count comes first, because the record may fail.
  if (isAllowed) {
    await throttle.recordFailure(attempt);
    await recordEvent(db, { kind: `${kind}-failed`, sessionId: null, ...event });
  } else if (await throttle.recordRefusal(attempt))
    await recordEvent(db, { kind: `${kind}-throttled`, sessionId: null, ...event });
}
