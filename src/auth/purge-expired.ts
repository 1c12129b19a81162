import { sql } from 'kysely';
import type { Database } from '../database.js';
import { forgetUnconfirmed } from './email/addresses.js';
import { purgeChallenges } from './passkeys/challenges.js';

/**
 * Deletes what has no use any more: links for new passwords that are too old, addresses that nobody has confirmed in
 * time, former names that anybody can take again, and challenges for passkeys that nobody answered.
 */
export async function purgeExpired(db: Database): Promise<void> {
  await purgeChallenges(db);
  await forgetUnconfirmed(db, 'too old');
  const now = sql<Date>`now()`;
  await db.deleteFrom('resetLinks').where('expiresAt', '<', now).execute();
  await db.deleteFrom('formerNames').where('keptUntil', '<', now).execute();
}
