import type { Transaction } from '../database.js';

/** What was done to a topic. */
export interface TopicEvent {
  topicId: number;
  /** Who did it; null for an operator's command and for what the clock does. */
  userId: number | null;
  /** A few plain words, such as `closed` or `thing added`. */
  kind: string;
  details?: Record<string, string | number | boolean | null>;
}

/** Adds an event to a topic's activity log, in the transaction of what was done. */
export async function recordTopicEvent(
  trx: Transaction,
  { details = {}, ...event }: TopicEvent,
): Promise<void> {
  await trx
    .insertInto('topicEvents')
    .values({ ...event, details: JSON.stringify(details) })
    .execute();
}
