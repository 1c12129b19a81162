import { recordEvent } from '../../auth/audit/record-event.js';
import type { Transaction } from '../../database.js';
import type { VoterEventsTable } from '../../schema.js';
import { type Actor, recordAct } from '../record-act.js';
import type { PersonAct } from './acts.js';

/** A decision on whether the votes of somebody count. The newest one holds. */
export type VoterDecision = VoterEventsTable['kind'];

/** The kinds of events in the chains of those whose votes it is about. */
const OWN_KINDS: Record<VoterDecision, string> = {
  voided: 'votes-voided',
  'set apart': 'votes-set-apart',
  restored: 'votes-restored',
};

/**
 * Decides on the votes of some voters: they are set apart, void, or count again. The ranker fits their topics anew.
 * @param act `about` names the person or the group in the record
 */
export async function decideOnVoters(
  trx: Transaction,
  actor: Actor,
  { voterIds, decision, about }: { voterIds: number[]; decision: VoterDecision; about: string },
): Promise<void> {
  if (voterIds.length === 0) return;
  await trx
    .insertInto('voterEvents')
    .values(voterIds.map((voterId) => ({ voterId, kind: decision })))
    .execute();
  const users = await trx
    .selectFrom('users')
    .where('id', 'in', voterIds)
    .select('id')
    .orderBy('id')
    .execute();
  for (const { id } of users)
    await recordEvent(trx, { kind: OWN_KINDS[decision], userId: id, sessionId: null });
  await recordAct(trx, actor, { kind: `admin-${OWN_KINDS[decision]}`, about });
}

/** Makes the act that decides on one person's votes. */
export const decideOnVotes =
  (decision: VoterDecision): PersonAct =>
  async (trx, actor, { userId }) => {
    await decideOnVoters(trx, actor, { voterIds: [userId], decision, about: `person ${userId}` });
    return [];
  };
