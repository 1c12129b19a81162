import type { EndReason } from '../../schema.js';

const reasons: Record<EndReason, string | undefined> = {
  logout: undefined,
  revoked: 'This browser was logged out from another of your devices.',
  idle: 'You were logged out because nothing was done here for a while.',
  absolute: 'You were logged out because your time on this device was up.',
  password: 'You were logged out because your password was changed.',
  fingerprint: 'You were logged out because another browser tried to use your session.',
  limit: 'You were logged out because you are logged in on many other devices.',
  account: 'You were logged out because this account was closed or disabled.',
  operator: 'You were logged out by the people who run this site.',
  guesses: 'You were logged out because ten wrong passwords in a row were given here.',
};

/** Why a session ended, in words for the one who held it; undefined when they ended it here themselves. */
export const endReasonText = (reason: EndReason): string | undefined => reasons[reason];

/** Why a session ended, for a list of sessions. */
export const endReasonLabels: Record<EndReason, string> = {
  logout: 'Logged out there',
  revoked: 'Logged out from another device',
  idle: 'Ran out: nothing was done on it for a while',
  absolute: 'Ran out: its time was up',
  password: 'Ended with a change of password',
  fingerprint: 'Ended: another browser used it',
  limit: 'Ended: more than 20 sessions',
  account: 'Ended with the account',
  operator: 'Ended by the people who run this site',
  guesses: 'Ended: ten wrong passwords in a row',
};
