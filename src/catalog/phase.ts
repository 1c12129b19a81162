import type { Selectable } from 'kysely';
import type { TopicPhase, TopicsTable } from '../schema.js';

/** How long the owner of a deleted topic can restore it, in days. */
export const GRACE_DAYS = 7;

/** What decides the phase of a topic. */
export type Schedule = Pick<Selectable<TopicsTable>, 'phase' | 'opensAt' | 'closesAt'>;

/**
 * The phase of a topic at a moment. A draft opens, and an open or paused topic closes, when its time has come.
 * `topic_phase` in the database has the same rule.
 */
export function phaseAt({ phase, opensAt, closesAt }: Schedule, at = new Date()): TopicPhase {
  const hasOpened = phase !== 'draft' || (opensAt !== null && opensAt <= at);
  if (phase === 'closed' || (hasOpened && closesAt !== null && closesAt <= at)) return 'closed';
  return phase === 'draft' && hasOpened ? 'open' : phase;
}
