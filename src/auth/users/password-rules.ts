import { isCommonPassword, PASSWORD_LENGTH } from '../passwords/passwords.js';
import { usernameKey } from './usernames.js';

/**
 * Says what is wrong with a new password; undefined when it is acceptable.
 * @param username the name of its user, which it must not resemble; empty to skip that rule
 */
export function checkNewPassword(username: string, password: string): string | undefined {
  const { least, most } = PASSWORD_LENGTH;
  const length = [...password].length;
  if (length < least) return `Use at least ${least} characters. 15 or more are better.`;
  if (length > most) return `Use at most ${most} characters.`;
  const includesName = username !== '' && usernameKey(password).includes(usernameKey(username));
  if (includesName && length < username.length + least)
    return 'This password is too close to your name. Choose another.';
  if (/^(.)\1*$/u.test(password) || /^thinga/i.test(password) || isCommonPassword(password))
    return 'This password is too common.';
  return undefined;
}
