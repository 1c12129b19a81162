import { sql } from 'kysely';
import type { TopicActor } from '../../catalog/change-phase.js';
import { recordTopicEvent } from '../../catalog/topic-events.js';
import type { Transaction } from '../../database.js';
import type { VoterEventsTable } from '../../schema.js';
import type { Judge } from './judges.js';

/** What is decided about voters: their votes are left out for now or for good, or count again. */
export type VoterDecision = VoterEventsTable['kind'];

/**
 * Decides about voters of a topic. It holds in this topic alone, and a later decision can lift it. The ledger stays as it
 * is.
 * @returns whether it was done; the results of a closed topic stay
 */
export async function decideAboutVoters(
  trx: Transaction,
  { topicId, userId }: TopicActor,
  { judges, kind }: { judges: Judge[]; kind: VoterDecision },
): Promise<boolean> {
  // The lock makes the one who closes the topic wait, as for a vote.
  const { rows } = await sql`
    select from topics where id = ${topicId} and topic_phase(phase, opens_at, closes_at, now()) <> 'closed'
    for key share`.execute(trx);
  if (rows.length === 0) return false;
  const names: Record<VoterDecision, string> = {
    'set apart': 'voter set apart',
    voided: 'votes voided',
    restored: 'voter counts again',
  };
  for (const { voterId, name } of judges) {
    await trx.insertInto('voterEvents').values({ voterId, topicId, kind }).execute();
    await recordTopicEvent(trx, { topicId, userId, kind: names[kind], details: { name } });
  }
  return true;
}
