import { sql } from 'kysely';
import type { Config } from '../../config.js';
import type { Database, Transaction } from '../../database.js';
import { hashToken, newSeed } from '../../tokens.js';
import { recordEvent } from '../audit/record-event.js';
import type { PasswordHasher } from '../passwords/passwords.js';
import type { Client } from '../sessions/client.js';
import { lockUser } from '../sessions/sessions.js';
import { checkNewPassword } from '../users/password-rules.js';
import { type ResetAccount, resetPassword } from './reset-password.js';

/** How long the link of an operator can be used, in hours. */
export const RESET_LINK_HOURS = 24;

/**
 * Makes a link with which a user sets a new password, once, within 24 hours. It ends the link that an operator made
 * before. The operator sees only the link, never a password. The user sees in their activity that the link was made.
 * @returns the address to give to the user
 */
export async function makeResetLink(
  { db, config }: { db: Database; config: Pick<Config, 'publicOrigin'> },
  userId: number,
): Promise<string> {
  const token = newSeed();
  const event = { kind: 'reset-link', reason: 'command line' } as const;
  await db
    .transaction()
    .execute((trx) => recordResetLink(trx, { userId, token, hours: RESET_LINK_HOURS, event }));
  return resetUrlOf(config, token);
}

/**
 * Makes a link for a new password and records it. Links by mail and links from an operator don't end each other, because
 * anybody who knows a name can have a mail sent.
 * @param link.hours how long it can be used
 */
export async function recordResetLink(
  trx: Transaction,
  { userId, token, hours, event }: NewResetLink,
): Promise<void> {
  const row = { tokenHash: hashToken(token), expiresAt: sql<Date>`now() + make_interval(hours => ${hours})` };
  const isMailed = event.kind === 'reset-mailed';
  await trx
    .insertInto('resetLinks')
    .values({ userId, isMailed, ...row })
    .onConflict((conflict) => conflict.columns(['userId', 'isMailed']).doUpdateSet(row))
    .execute();
  await recordEvent(trx, { ...event, userId, sessionId: null });
}

/** The address of a link for a new password. */
export const resetUrlOf = ({ publicOrigin }: Pick<Config, 'publicOrigin'>, token: string): string =>
  `${publicOrigin}/reset/${token}`;

interface NewResetLink {
  userId: number;
  hours: number;
  event: LinkEvent;
  token: string;
}

interface LinkEvent {
  kind: 'reset-link' | 'reset-mailed';
  reason?: string;
  client?: Client;
}

/** Finds the user whom a link lets set a new password; undefined when the link can't be used. */
export function findResetLink(
  db: Database,
  token: string,
): Promise<{ userId: number; username: string } | undefined> {
  return db
    .selectFrom('resetLinks')
    .innerJoin('users', 'users.id', 'userId')
    .where('tokenHash', '=', hashToken(token))
    .where('expiresAt', '>', sql<Date>`now()`)
    .where('disabledAt', 'is', null)
    .where('awaitingSince', 'is', null)
    .select(['userId', 'username'])
    .executeTakeFirst();
}

/**
 * Sets a new password by a link. The link is used up.
 * @returns the account, or what is wrong with the password; undefined when the link can't be used
 * @throws PasswordsBusyError when too many passwords wait
 */
export async function resetByLink(
  db: Database,
  passwords: PasswordHasher,
  { token, password, client }: { token: string; password: string; client: Client },
): Promise<ResetAccount | { error: string } | undefined> {
  const link = await findResetLink(db, token);
  if (!link) return undefined;
  const error = checkNewPassword(link, password, passwords.length);
  if (error) return { error };
  const passwordHash = await passwords.hash(password);
  return db.transaction().execute(async (trx) => {
    await lockUser(trx, link.userId);
    if (!(await findResetLink(trx, token))) return undefined;
    return resetPassword(trx, link.userId, { passwordHash, kind: 'reset', client });
  });
}
