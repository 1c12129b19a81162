import { isCommonPassword, type PasswordLength } from '../passwords/passwords.js';
import { usernameKey } from './usernames.js';

/**
 * Says what is wrong with a new password; undefined when it is acceptable.
 * @param user the name of its user, which it must not resemble; empty to skip that rule
 * @param length the lengths that this site allows
 */
export function checkNewPassword(
  { username }: { username: string },
  password: string,
  { least, most, good }: PasswordLength,
): string | undefined {
  const length = [...password].length;
  if (length < least)
    return least < good
      ? `Use at least ${least} characters. ${good} or more are better.`
      : `Use at least ${least} characters.`;
  if (length > most) return `Use at most ${most} characters.`;
  const includesName = username !== '' && usernameKey(password).includes(usernameKey(username));
  if (includesName && length < username.length + 8)
    return 'This password is too close to your name. Choose another.';
  if (/^(.)\1*$/u.test(password) || /^thinga/i.test(password) || isCommonPassword(password))
    return 'This password is too common.';
  return undefined;
}
