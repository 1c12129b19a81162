import { sql } from 'kysely';
import { type Database, violates } from '../../database.js';
import { normalForm } from '../../normal-form.js';
import { isCommon, PASSWORD_LENGTH, type PasswordWork } from '../passwords/passwords.js';
import { endDevices } from '../sessions/devices.js';
import { type Client, lockPerson, recordEvent } from '../sessions/sessions.js';
import { usernameSkeleton } from './skeletons.js';
import { checkUsername, isUsername, usernameKey } from './usernames.js';

/** What is wrong with a form, by the name of the field that a message belongs beside. */
export type FieldErrors<Field extends string> = Partial<Record<Field, string>>;

/** What a person types to register. */
export interface Registration {
  username: string;
  password: string;
}

/**
 * Makes an account; its owner is a voter from then on.
 * @returns the new person's id and the hash of their password, or what to correct in which field
 * @throws PasswordsBusyError when too many passwords are being hashed already
 */
export async function register(
  db: Database,
  passwords: PasswordWork,
  { username, password, networkGroup = null }: Registration & { networkGroup?: string | null },
): Promise<{ userId: number; passwordHash: string } | { errors: FieldErrors<keyof Registration> }> {
  const name = normalForm(username, 'NFKC').trim();
  const errors = checkRegistration(name, password);
  if (Object.keys(errors).length > 0) return { errors };
  const passwordHash = await passwords.hash(password);
  try {
    return await db.transaction().execute(async (trx) => {
      const voter = await trx
        .insertInto('voters')
        .values({ kind: 'member', networkGroup })
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
        })
        .execute();
      return { userId: voter.id, passwordHash };
    });
  } catch (error) {
    if (violates(error, 'users_username_key_key'))
      return { errors: { username: `“${name}” is taken. Another name will do.` } };
    if (violates(error, 'users_name_skeleton_key'))
      return { errors: { username: 'This name looks like one that is taken. Try another.' } };
    throw error;
  }
}

/** Whose name and password were given. */
export type Found =
  | { userId: number; passwordHash: string; accepted: boolean }
  | { userId?: undefined; passwordHash?: undefined; accepted: false };

/**
 * Whether a name and a password belong together and may log in, in the same time whatever the answer.
 * @returns whose name it is, if anybody's, with the hash of their password, and whether the given one matches it and
 * the account is open
 * @throws PasswordsBusyError when too many passwords are being checked already
 */
export async function authenticate(
  db: Database,
  passwords: PasswordWork,
  { username, password }: Registration,
): Promise<Found> {
  const user = isUsername(normalForm(username, 'NFKC').trim())
    ? await db
        .selectFrom('users')
        .where('usernameKey', '=', usernameKey(username.trim()))
        .select(['id', 'passwordHash', 'disabledAt'])
        .executeTakeFirst()
    : undefined;
  const matches = await passwords.matches(password, user?.passwordHash);
  if (!user) return { accepted: false };
  return { userId: user.id, passwordHash: user.passwordHash, accepted: matches && !user.disabledAt };
}

/**
 * Gives a person a new password, and ends their sessions everywhere but here.
 * @param given the new password, and the hash that the current one was found to match
 * @param here the hash of the session's id it is done on, and who does it
 * @returns what to correct in which field; or the new hash, and the hashes that the ended sessions went by; undefined
 * when the session it is done on has ended meanwhile
 * @throws PasswordsBusyError when too many passwords are being hashed already
 */
export async function changePassword(
  db: Database,
  passwords: PasswordWork,
  user: { id: number; username: string },
  { password, current }: { password: string; current: string },
  { accessTokenHash, client }: { accessTokenHash: string; client: Client },
): Promise<
  { errors: FieldErrors<'current' | 'password'> } | { passwordHash: string; ended: string[] } | undefined
> {
  const wrong = checkPassword(user.username, password);
  if (wrong) return { errors: { password: wrong } };
  const passwordHash = await passwords.hash(password);
  return db.transaction().execute(async (trx) => {
    const person = await lockPerson(trx, user.id);
    if (person?.passwordHash !== current)
      return { errors: { current: 'That is not your current password.' } };
    const session = await trx
      .selectFrom('sessions')
      .where('accessTokenHash', '=', accessTokenHash)
      .where('status', '=', 'active')
      .select('id')
      .executeTakeFirst();
    if (!session) return undefined;
    await trx.updateTable('users').set({ passwordHash }).where('id', '=', user.id).execute();
    await recordEvent(trx, { kind: 'password', userId: user.id, sessionId: session.id, client });
    return { passwordHash, ended: await endDevices(trx, user.id, 'password', { keep: session.id, client }) };
  });
}

/** A person by their name, whatever its case. @throws Error when nobody has it */
export async function findUser(db: Database, name: string): Promise<{ id: number; username: string }> {
  const user = await db
    .selectFrom('users')
    .where('usernameKey', '=', usernameKey(name.trim()))
    .select(['id', 'username'])
    .executeTakeFirst();
  if (!user) throw new Error(`there is nobody called ${name}`);
  return user;
}

/** Closes a person's account to log-ins and ends all their sessions; their votes go on counting. */
export async function disable(db: Database, userId: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', userId).execute();
    await recordEvent(trx, { kind: 'disabled', userId, sessionId: null });
    await endDevices(trx, userId, 'account');
  });
}

/**
 * Closes a person's account: their name, password, sessions and what happened to them are gone. Their votes stay
 * in the ledger without a name.
 * @param beforeRemoval what else is done in the same transaction, when nothing more can become theirs
 * @returns the hashes their live sessions went by, for their state to be dropped
 */
export async function closeAccount(
  db: Database,
  userId: number,
  beforeRemoval: (trx: Database) => Promise<unknown>,
): Promise<string[]> {
  return db.transaction().execute(async (trx) => {
    if (!(await lockPerson(trx, userId))) return [];
    const ended = await endDevices(trx, userId, 'account');
    // From here on nothing more becomes theirs, neither a vote nor an event, and what was under way is there. Only
    // now: whoever ends a session holds it while they add the event, so the sessions come first.
    await trx.selectFrom('users').where('id', '=', userId).select('id').forUpdate().execute();
    await beforeRemoval(trx);
    await trx.updateTable('things').set({ addedBy: null }).where('addedBy', '=', userId).execute();
    await sql`select set_config('thinga.closing_account', ${String(userId)}, true)`.execute(trx);
    await trx.deleteFrom('sessionEvents').where('userId', '=', userId).execute();
    await trx.deleteFrom('sessions').where('userId', '=', userId).execute();
    await trx.deleteFrom('users').where('id', '=', userId).execute();
    await recordEvent(trx, { kind: 'closed', userId: null, sessionId: null });
    return ended;
  });
}

/** Makes a person an admin. */
export async function promote(db: Database, userId: number): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.updateTable('users').set({ role: 'admin' }).where('id', '=', userId).execute();
    await recordEvent(trx, { kind: 'promoted', userId, sessionId: null });
  });
}

function checkRegistration(username: string, password: string): FieldErrors<keyof Registration> {
  const errors: FieldErrors<keyof Registration> = {};
  const unfit = checkUsername(username);
  if (unfit) errors.username = unfit;
  const wrong = checkPassword(unfit ? '' : username, password);
  if (wrong) errors.password = wrong;
  return errors;
}

function checkPassword(username: string, password: string): string | undefined {
  const { least, most } = PASSWORD_LENGTH;
  const size = [...password].length;
  if (size < least) return `A password has at least ${least} characters; 15 make a good one.`;
  if (size > most) return `A password has at most ${most} characters.`;
  const includesName = username !== '' && usernameKey(password).includes(usernameKey(username));
  if (includesName && size < username.length + least)
    return 'This password is little more than your name. Anyone would try it first.';
  if (/^(.)\1*$/u.test(password) || /^thinga/i.test(password) || isCommon(password))
    return 'This password is among the first that anyone would try.';
  return undefined;
}
