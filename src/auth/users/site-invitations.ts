import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { hashToken, tokenOf } from '../../tokens.js';

/** For how many days an invitation works. */
export const INVITATION_DAYS = 14;

/** The token of an invitation to register. */
export const siteInvitationTokenOf = (seed: string, id: number): string =>
  tokenOf(seed, `site invitation ${id}`);

/** Whether an invitation can be used: it is not used, revoked or too old. */
export async function findSiteInvitation(db: Database, token: string): Promise<boolean> {
  const row = await db
    .selectFrom('siteInvitations')
    .where('tokenHash', '=', hashToken(token))
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', sql<Date>`now()`)
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Uses an invitation for a new user. @returns false when it can't be used any more */
export async function takeSiteInvitation(trx: Transaction, token: string, userId: number): Promise<boolean> {
  const row = await trx
    .updateTable('siteInvitations')
    .set({ usedAt: sql<Date>`now()`, usedBy: userId })
    .where('tokenHash', '=', hashToken(token))
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .where('expiresAt', '>', sql<Date>`now()`)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}
