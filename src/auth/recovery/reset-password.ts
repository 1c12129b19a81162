import type { Database, Transaction } from '../../database.js';
import { normalForm } from '../../normal-form.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from '../sessions/client.js';
import { endSessions } from '../sessions/end-sessions.js';
import { lockUser } from '../sessions/sessions.js';
import { isUsername, usernameKey } from '../users/usernames.js';
import type { Account } from '../users/users.js';
import { isRecoveryCode, makeRecoveryCode } from './recovery-code.js';

/** An account with a new password, and its new recovery code. */
export interface ResetAccount extends Account {
  username: string;
  recoveryCode: string;
  /** The hashes of the ended sessions, whose state the caller deletes. */
  ended: string[];
}

/**
 * Finds the account that a name and a recovery code belong to. It takes the same time whatever the result is.
 * @returns `accepted` when the code is right and the account is not disabled
 */
export async function checkRecoveryCode(
  db: Database,
  { username, code }: { username: string; code: string },
): Promise<Partial<Account> & { accepted: boolean }> {
  const user = isUsername(normalForm(username, 'NFKC').trim())
    ? await db
        .selectFrom('users')
        .leftJoin('recoveryCodes', 'userId', 'id')
        .where('usernameKey', '=', usernameKey(username.trim()))
        .select(['id', 'passwordHash', 'disabledAt', 'codeHash'])
        .executeTakeFirst()
    : undefined;
  const isRight = isRecoveryCode(code, user?.codeHash);
  if (!user) return { accepted: false };
  return { userId: user.id, passwordHash: user.passwordHash, accepted: isRight && !user.disabledAt };
}

/**
 * Sets a new password by the recovery code. The code is used up.
 * @returns undefined when another request has used the code, or the account was disabled meanwhile
 */
export async function resetByCode(
  db: Database,
  userId: number,
  { code, passwordHash, client }: { code: string; passwordHash: string; client: Client },
): Promise<ResetAccount | undefined> {
  return db.transaction().execute(async (trx) => {
    const user = await lockUser(trx, userId);
    const row = await trx
      .selectFrom('recoveryCodes')
      .where('userId', '=', userId)
      .select('codeHash')
      .executeTakeFirst();
    if (!user || user.disabledAt || !isRecoveryCode(code, row?.codeHash)) return undefined;
    return resetPassword(trx, userId, { passwordHash, kind: 'recovered', client });
  });
}

/**
 * Sets a new password for a user who could not log in. It ends all their sessions and open links, and makes a new
 * recovery code. The caller holds the lock on the user.
 * @param reset.kind the event: by the recovery code, or by a link
 */
export async function resetPassword(
  trx: Transaction,
  userId: number,
  { passwordHash, kind, client }: { passwordHash: string; kind: 'recovered' | 'reset'; client: Client },
): Promise<ResetAccount> {
  const { username } = await trx
    .updateTable('users')
    .set({ passwordHash })
    .where('id', '=', userId)
    .returning('username')
    .executeTakeFirstOrThrow();
  await trx.deleteFrom('resetLinks').where('userId', '=', userId).execute();
  const recoveryCode = await makeRecoveryCode(trx, userId);
  await recordEvent(trx, { kind, userId, sessionId: null, client });
  const ended = await endSessions(trx, userId, { reason: 'password', client });
  return { userId, username, passwordHash, recoveryCode, ended };
}
