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

/** Why somebody who knows the right password can't log in. Nobody else learns it. */
export type Barred = { kind: 'disabled'; reason: string | null } | { kind: 'waiting' };

/**
 * Why a session ended, for its holder on the log-in page.
 * @param disabledReason why its account is disabled; undefined when it is not
 */
export const endMessage = (
  reason: EndReason,
  disabledReason: string | null | undefined,
): string | undefined =>
  reason === 'account' && disabledReason !== undefined
    ? `You were logged out. ${barredMessage({ kind: 'disabled', reason: disabledReason })}`
    : endReasonMessages[reason];

/** Why somebody who knows the right password can't log in. */
export function barredMessage(barred: Barred): string {
  if (barred.kind === 'waiting')
    return 'Your account waits for the people who run this site to let you in. Try again later.';
  const why = barred.reason ? ` They say: “${barred.reason}”` : '';
  return `The people who run this site have disabled your account.${why}`;
}

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
