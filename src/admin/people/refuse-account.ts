import { closeAccount } from '../../auth/users/close-account.js';
import type { Database } from '../../database.js';
import { type Actor, recordAct } from '../record-act.js';

/**
 * Refuses somebody who waits for approval: the account goes, and its name is free again. It has no votes, because its
 * user never could log in.
 * @returns whether somebody waited under this id
 */
export async function refuseAccount(db: Database, actor: Actor, userId: number): Promise<boolean> {
  const waiting = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .where('awaitingSince', 'is not', null)
    .select('id')
    .executeTakeFirst();
  if (!waiting) return false;
  await closeAccount(db, userId, (trx) =>
    recordAct(trx, actor, { kind: 'admin-refused', about: `person ${userId}` }),
  );
  return true;
}
