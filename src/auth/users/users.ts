import { type Selectable, sql } from 'kysely';
import type { Database } from '../../database.js';
import type { NetworkGroups } from '../../http/network.js';
import { normalForm } from '../../normal-form.js';
import type { UsersTable } from '../../schema.js';
import { recordEvent } from '../audit/record-event.js';
import type { PasswordHasher, PasswordLength } from '../passwords/passwords.js';
import type { Client } from '../sessions/client.js';
import type { Barred } from '../sessions/end-reasons.js';
import { endSessions } from '../sessions/end-sessions.js';
import { lockUser } from '../sessions/sessions.js';
import { checkNewPassword } from './password-rules.js';
import { nameConflict } from './rename.js';
import { takeSiteInvitation } from './site-invitations.js';
import { usernameSkeleton } from './skeletons.js';
import { checkUsername, isUsername, usernameKey } from './usernames.js';

/** What is wrong with a form: one message for each field with an error. */
export type FieldErrors<Field extends string> = Partial<Record<Field, string>>;

/** What a user types to register or to log in. */
export interface Credentials {
  username: string;
  password: string;
}

/** A user, and the password hash of the moment when they were looked up. */
export interface Account {
  userId: number;
  passwordHash: string;
}

/** How somebody may register. */
export interface Admitted {
  /** Whether the account waits for an admin, and can't log in before that. */
  awaitsApproval?: boolean;
  /** The token of an invitation, which is used up; empty without one. */
  invitation?: string;
}

/**
 * Creates a user, and the voter with the same id.
 * @returns the account, or the errors of the form
 * @throws PasswordsBusyError when too many passwords wait
 */
export async function register(
  db: Database,
  passwords: PasswordHasher,
  { username, password, groups, awaitsApproval, invitation }: Registration,
): Promise<Account | { errors: FieldErrors<keyof Credentials> }> {
  const name = normalForm(username, 'NFKC').trim();
  const errors = checkRegistration(name, password, passwords.length);
  if (Object.keys(errors).length > 0) return { errors };
  const passwordHash = await passwords.hash(password);
  try {
    return await db.transaction().execute(async (trx) => {
      const voter = await trx
        .insertInto('voters')
        .values({ kind: 'member', ...groups })
        .returning('id')
        .executeTakeFirstOrThrow();
      await trx
        .insertInto('users')
        .values({
          id: voter.id,
          username: name,
          usernameKey: usernameKey(name),
          nameSkeleton: usernameSkeleton(name),
          passwordHash,
          ...(awaitsApproval && { awaitingSince: sql<Date>`now()` }),
        })
        .execute();
      if (invitation && !(await takeSiteInvitation(trx, invitation, voter.id)))
        throw new InvitationUsedError();
      return { userId: voter.id, passwordHash };
    });
  } catch (error) {
    if (error instanceof InvitationUsedError)
      return { errors: { username: 'Somebody else has used this invitation. Ask for a new one.' } };
    const taken = nameConflict(error, name);
    if (taken) return { errors: { username: taken } };
    throw error;
  }
}

/** What a new user types, and how they may register. */
type Registration = Credentials & Admitted & { groups?: NetworkGroups };

/** Ends the transaction of a registration whose invitation was used meanwhile. */
class InvitationUsedError extends Error {}

function checkRegistration(
  username: string,
  password: string,
  length: PasswordLength,
): FieldErrors<keyof Credentials> {
  const errors: FieldErrors<keyof Credentials> = {};
  const usernameError = checkUsername(username);
  if (usernameError) errors.username = usernameError;
  const passwordError = checkNewPassword({ username: usernameError ? '' : username }, password, length);
  if (passwordError) errors.password = passwordError;
  return errors;
}

/**
 * The result of checking credentials: the account with that name, if there is one, and whether it may log in.
 */
type Authentication =
  | (Account & { accepted: boolean; barred: Barred | undefined })
  | { userId?: undefined; passwordHash?: undefined; accepted: false; barred?: undefined };

/**
 * Checks a name and a password. It takes the same time whatever the result is.
 * @returns `accepted` when the password is right and the account may log in; `barred` when the password is right and the
 * account may not
 * @throws PasswordsBusyError when too many passwords wait
 */
export async function authenticate(
  db: Database,
  passwords: PasswordHasher,
  { username, password }: Credentials,
): Promise<Authentication> {
  const user = isUsername(normalForm(username, 'NFKC').trim())
    ? await db
        .selectFrom('users')
        .where('usernameKey', '=', usernameKey(username.trim()))
        .select(['id', 'passwordHash', 'disabledAt', 'disabledReason', 'awaitingSince'])
        .executeTakeFirst()
    : undefined;
  const matches = await passwords.matches(password, user?.passwordHash);
  if (!user) return { accepted: false };
  const barred = matches ? barredOf(user) : undefined;
  const account = { userId: user.id, passwordHash: user.passwordHash };
  return { ...account, accepted: matches && !barred, barred };
}

function barredOf({
  disabledAt,
  disabledReason,
  awaitingSince,
}: Pick<Selectable<UsersTable>, 'disabledAt' | 'disabledReason' | 'awaitingSince'>): Barred | undefined {
  if (disabledAt) return { kind: 'disabled', reason: disabledReason };
  return awaitingSince ? { kind: 'waiting' } : undefined;
}

/**
 * Sets a new password for a user, and ends all their sessions except the current one.
 * @param change.currentHash the hash that the current password matched
 * @param change.accessTokenHash the hash of the current session's id
 * @returns the errors of the form; or the new hash and the hashes of the ended sessions, whose state the
 * caller deletes; undefined when the current session has ended meanwhile
 * @throws PasswordsBusyError when too many passwords wait
 */
export async function changePassword(
  db: Database,
  passwords: PasswordHasher,
  { user, password, currentHash, accessTokenHash, client }: PasswordChange,
): Promise<
  { errors: FieldErrors<'current' | 'password'> } | { passwordHash: string; ended: string[] } | undefined
> {
  const error = checkNewPassword(user, password, passwords.length);
  if (error) return { errors: { password: error } };
  const passwordHash = await passwords.hash(password);
  return db.transaction().execute(async (trx) => {
    const locked = await lockUser(trx, user.id);
    if (locked?.passwordHash !== currentHash)
      return { errors: { current: 'This is not your current password.' } };
    const session = await trx
      .selectFrom('sessions')
      .where('accessTokenHash', '=', accessTokenHash)
      .where('status', '=', 'active')
      .select('id')
      .executeTakeFirst();
    if (!session) return undefined;
    await trx.updateTable('users').set({ passwordHash }).where('id', '=', user.id).execute();
    await trx.deleteFrom('resetLinks').where('userId', '=', user.id).execute();
    await recordEvent(trx, { kind: 'password', userId: user.id, sessionId: session.id, client });
    const ended = await endSessions(trx, user.id, { reason: 'password', keepId: session.id, client });
    return { passwordHash, ended };
  });
}

interface PasswordChange {
  user: { id: number; username: string };
  password: string;
  currentHash: string;
  accessTokenHash: string;
  client: Client;
}

/** Finds a user by name, in upper or lower case. @throws Error when nobody has the name */
export async function findUser(db: Database, name: string): Promise<{ id: number; username: string }> {
  const user = await db
    .selectFrom('users')
    .where('usernameKey', '=', usernameKey(name.trim()))
    .select(['id', 'username'])
    .executeTakeFirst();
  if (!user) throw new Error(`there is nobody called ${name}`);
  return user;
}
