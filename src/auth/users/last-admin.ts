import type { Transaction } from '../../database.js';
import { Problem } from '../../http/problem.js';

/** Tells whether a person is the only admin who can log in. It locks all admins, so that two of them can't both go. */
export async function isLastAdmin(trx: Transaction, userId: number): Promise<boolean> {
  const admins = await trx
    .selectFrom('users')
    .where('role', '=', 'admin')
    .where('disabledAt', 'is', null)
    .select('id')
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  return admins.length === 1 && admins[0]?.id === userId;
}

/** Creates the problem for what the only admin can't do, because nobody could run the site any more. */
export const lastAdmin = (): Problem =>
  new Problem(409, 'The site needs an admin', 'Make someone else an admin first.');
