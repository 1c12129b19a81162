import { closeAccount } from '../../auth/users/close-account.js';
import type { Database } from '../../database.js';
import { notFound } from '../../http/problem.js';
import { type Actor, recordAct } from '../record-act.js';

/**
 * Refuses somebody who waits for approval: the account goes, and its name is free again. It has no votes, because its
 * user never could log in.
 * @returns whether somebody waited under this id
 * @throws Problem 404 when another admin has let them in at the same moment
 */
export async function refuseAccount(db: Database, actor: Actor, userId: number): Promise<boolean> {
  if (!(await isWaiting(db, userId))) return false;
  await closeAccount(db, userId, async (trx) => {
    if (!(await isWaiting(trx, userId))) throw notFound();
    await recordAct(trx, actor, { kind: 'admin-refused', about: `person ${userId}` });
  });
  return true;
}

async function isWaiting(db: Database, userId: number): Promise<boolean> {
  const waiting = await db
    .selectFrom('users')
    .where('id', '=', userId)
    .where('awaitingSince', 'is not', null)
    .select('id')
    .executeTakeFirst();
  return waiting !== undefined;
}
