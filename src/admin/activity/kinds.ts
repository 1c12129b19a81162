import { eventTexts } from '../../auth/audit/timeline.js';

/** What the kinds of events mean that only admins see, or that are said to their user in another way. */
const TEXTS: Record<string, string> = {
  'admin-claimed': 'Became the first admin by the link of the start',
  'admin-role-given': 'Made an admin',
  'admin-role-taken': 'Role of admin taken away',
  'admin-disabled': 'Account disabled',
  'admin-enabled': 'Account enabled',
  'admin-sessions-ended': 'Logged out everywhere',
  'admin-approved': 'Let in',
  'admin-refused': 'Not let in: the account was deleted',
  'admin-reset-link': 'Link for a new password made',
  'admin-votes-voided': 'Votes made void',
  'admin-votes-set-apart': 'Votes set apart',
  'admin-votes-restored': 'Votes count again',
  'admin-invited': 'Invitations made',
  'admin-uninvited': 'Invitation revoked',
  'admin-topic-hidden': 'Topic hidden',
  'admin-topic-shown': 'Topic shown again',
  'admin-topic-handed-over': 'Topic handed over',
  'admin-topic-default': 'Topic made the default one',
  'admin-settings': 'Settings of the site changed',
  promoted: 'Became an admin',
  demoted: 'Is no longer an admin',
  disabled: 'Account was disabled',
  enabled: 'Account was enabled',
  approved: 'Was let in',
  unlocked: 'May log in from any device again',
  closed: 'An account was closed',
  'votes-voided': 'Votes were made void',
  'votes-set-apart': 'Votes were set apart',
  'votes-restored': 'Votes count again',
  'reset-link': 'A link for a new password was made',
  mismatch: 'Another browser used a session',
  drift: 'A session that had ended was blocked',
  rebuilt: 'A session was restored from its record',
  tampered: 'Session data had been changed from outside',
  'cross-site': 'A request from another site was refused',
};

/** Says what kind of event it is. A kind that this list does not know is shown as it is. */
export const textOfKind = (kind: string): string => TEXTS[kind] ?? eventTexts[kind] ?? kind;

/** The groups of events that admins choose from. `topics` has what was done to topics. */
export const ACTIVITY_FILTERS = ['admins', 'accounts', 'log-ins', 'topics', 'all'] as const;

/** A group of events. */
export type ActivityFilter = (typeof ACTIVITY_FILTERS)[number];

/** The kinds of events in a group of accounts. */
export const ACCOUNT_KINDS = [
  ...['promoted', 'demoted', 'disabled', 'enabled', 'approved', 'unlocked', 'closed', 'password'],
  ...['recovered', 'recovery-code', 'reset-link', 'reset-mailed', 'reset', 'renamed'],
  ...['email-set', 'email-confirmed', 'email-removed', 'passkey-added', 'passkey-removed'],
  ...['votes-voided', 'votes-set-apart', 'votes-restored'],
];
