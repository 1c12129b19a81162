import { type Database, violates } from '../database.js';
import { PASSWORD_LENGTH, type Passwords } from './passwords.js';

/** What is wrong with a form, by the name of the field that a message belongs beside. */
export type FieldErrors<Field extends string> = Partial<Record<Field, string>>;

/** What a person types to register. */
export interface Registration {
  username: string;
  password: string;
}

/**
 * Makes an account; its owner is a voter from then on.
 * @returns the new person's id, or what to correct in which field
 * @throws PasswordsBusyError when too many passwords are being hashed already
 */
export async function register(
  db: Database,
  passwords: Passwords,
  { username, password }: Registration,
): Promise<{ userId: number } | { errors: FieldErrors<keyof Registration> }> {
  const name = username.normalize('NFKC').trim();
  const errors = checkRegistration(name, password);
  if (Object.keys(errors).length > 0) return { errors };
  const passwordHash = await passwords.hash(password);
  try {
    return await db.transaction().execute(async (trx) => {
      const voter = await trx.insertInto('voters').defaultValues().returning('id').executeTakeFirstOrThrow();
      await trx
        .insertInto('users')
        .values({ id: voter.id, username: name, usernameKey: usernameKey(name), passwordHash })
        .execute();
      return { userId: voter.id };
    });
  } catch (error) {
    if (!violates(error, 'users_username_key_key')) throw error;
    return { errors: { username: `“${name}” is taken. Another name will do.` } };
  }
}

/**
 * Who a name and a password belong to; undefined when they belong to nobody, in the time it takes to find that
 * they do.
 * @throws PasswordsBusyError when too many passwords are being checked already
 */
export async function authenticate(
  db: Database,
  passwords: Passwords,
  { username, password }: Registration,
): Promise<{ userId: number } | undefined> {
  const user = await db
    .selectFrom('users')
    .where('usernameKey', '=', usernameKey(username.trim()))
    .select(['id', 'passwordHash', 'disabledAt'])
    .executeTakeFirst();
  const matches = await passwords.matches(password, user?.passwordHash);
  return user && matches && !user.disabledAt ? { userId: user.id } : undefined;
}

function checkRegistration(username: string, password: string): FieldErrors<keyof Registration> {
  const errors: FieldErrors<keyof Registration> = {};
  const length = [...username].length;
  if (length === 0) errors.username = 'Choose a name. It is public, and you log in with it.';
  else if (length < 2 || length > 30) errors.username = 'A name has 2 to 30 characters.';
  else if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(username))
    errors.username = 'A name is made of letters, digits, dots, hyphens and underscores.';

  const { least, most } = PASSWORD_LENGTH;
  const size = [...password].length;
  if (size < least) errors.password = `A password has at least ${least} characters; 15 make a good one.`;
  else if (size > most) errors.password = `A password has at most ${most} characters.`;
  else if (
    username &&
    usernameKey(password).includes(usernameKey(username)) &&
    size < username.length + least
  )
    errors.password = 'This password is little more than your name. Anyone would try it first.';
  else if (/^(.)\1*$/u.test(password) || /^thinga/i.test(password))
    errors.password = 'This password is among the first that anyone would try.';
  return errors;
}

function usernameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}
