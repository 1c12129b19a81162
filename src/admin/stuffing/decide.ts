import type { Database } from '../../database.js';
import { count } from '../../http/format.js';
import { decideOnVoters, type VoterDecision } from '../people/voters.js';
import type { Actor } from '../record-act.js';
import { type Alarm, rememberSetApart, type Suspect, type SuspectGroup } from './suspects.js';

/**
 * Sets the voters behind an alarm or of a group apart, or lets their votes count again.
 * @returns how many voters it changed
 */
export async function decideOnSuspects(
  db: Database,
  actor: Actor,
  { suspects, voters, decision }: SuspectsDecision,
): Promise<number> {
  const changed = voters.filter(({ isOut }) => isOut === (decision === 'restored'));
  const about = `topic ${suspects.topicId}: ${count(changed.length, 'voter')}`;
  const voterIds = changed.map(({ voterId }) => voterId);
  await db.transaction().execute(async (trx) => {
    await decideOnVoters(trx, actor, { voterIds, decision, about });
    if ('group' in suspects) await rememberSetApart(trx, suspects, decision === 'set apart');
  });
  return changed.length;
}

interface SuspectsDecision {
  suspects: Alarm | SuspectGroup;
  voters: Suspect[];
  decision: Exclude<VoterDecision, 'voided'>;
}
