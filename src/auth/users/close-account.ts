import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { recordEvent } from '../audit/record-event.js';
import { endSessions } from '../sessions/end-sessions.js';
import { lockUser } from '../sessions/sessions.js';

/**
 * Closes a user's account: it deletes the name, the password, the sessions and their events. The votes stay
 * in the ledger without a name.
 * @param beforeRemoval runs in the same transaction, when the user can get no new votes or events
 * @returns the hashes of the sessions that were live, whose state the caller deletes
 */
export async function closeAccount(
  db: Database,
  userId: number,
  beforeRemoval: (trx: Transaction) => Promise<unknown>,
): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, userId))) return [];
    const ended = await endSessions(trx, userId, { reason: 'account' });
    // This lock waits for votes and events under way, and prevents new ones. It comes after the sessions,
    // because other code that ends a session holds its row while it adds the event, which needs the user's
    // row.
    await trx.selectFrom('users').where('id', '=', userId).select('id').forUpdate().execute();
    await beforeRemoval(trx);
    await trx.updateTable('things').set({ addedBy: null }).where('addedBy', '=', userId).execute();
    await trx.updateTable('siteInvitations').set({ note: null }).where('usedBy', '=', userId).execute();
    // The database's triggers let events be deleted only while this setting names their user.
    await sql`select set_config('thinga.closing_account', ${String(userId)}, true)`.execute(trx);
    await trx.deleteFrom('sessionEvents').where('userId', '=', userId).execute();
    await trx.deleteFrom('sessions').where('userId', '=', userId).execute();
    await trx.deleteFrom('users').where('id', '=', userId).execute();
    await recordEvent(trx, { kind: 'closed', userId: null, sessionId: null });
    return ended;
  });
}
