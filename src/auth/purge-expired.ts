import { sql } from 'kysely';
import type { Database } from '../database.js';
import { forgetUnconfirmed } from './email/addresses.js';
import { purgeChallenges } from './passkeys/challenges.js';

/**
 * Deletes what has no use any more: links for new passwords that are too old, addresses that nobody has confirmed in
 * time, former names that anybody can take again, challenges for passkeys that nobody answered, and invitations that nobody
 * used, 30 days after they ended.
 */
export async function purgeExpired(db: Database): Promise<void> {
  await purgeChallenges(db);
  await forgetUnconfirmed(db, 'too old');
  const now = sql<Date>`now()`;
  await db.deleteFrom('resetLinks').where('expiresAt', '<', now).execute();
  await db.deleteFrom('formerNames').where('keptUntil', '<', now).execute();
  await db
    .deleteFrom('siteInvitations')
    .where('usedAt', 'is', null)
    .where('expiresAt', '<', sql<Date>`now() - interval '30 days'`)
    .execute();
}
