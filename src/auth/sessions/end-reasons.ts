import type { EndReason } from '../../schema.js';

/**
 * Why a session ended, for its holder on the log-in page; undefined for a log-out, which they did themselves.
 */
export const endReasonMessages: Record<EndReason, string | undefined> = {
  logout: undefined,
  revoked: 'This browser was logged out from another of your devices.',
  idle: 'You were logged out because you were inactive for a while.',
  absolute: 'You were logged out because your session reached its time limit.',
  password: 'You were logged out because your password was changed.',
  fingerprint: 'You were logged out because another browser tried to use your session.',
  limit: 'You were logged out because you logged in on more than 20 devices.',
  account: 'You were logged out because this account was closed or disabled.',
  operator: 'You were logged out by the people who run this site.',
  guesses: 'You were logged out after ten wrong passwords in a row.',
};

/** Why a session ended, for the list of sessions. */
export const endReasonLabels: Record<EndReason, string> = {
  logout: 'Logged out there',
  revoked: 'Logged out from another device',
  idle: 'Expired: inactive for a while',
  absolute: 'Expired: time limit reached',
  password: 'Ended by a password change',
  fingerprint: 'Ended: another browser used it',
  limit: 'Ended: more than 20 sessions',
  account: 'Ended when the account was closed or disabled',
  operator: 'Ended by the people who run this site',
  guesses: 'Ended: ten wrong passwords in a row',
};
