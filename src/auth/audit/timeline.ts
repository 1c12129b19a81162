import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { count } from '../../http/format.js';
import type { EndReason } from '../../schema.js';

/** One line in the list of what happened to a user's sessions. */
export interface TimelineEntry {
  at: Date;
  text: string;
  device: string | null;
  /** An address, or a text when there were several. */
  address: string | null;
  /**
   * The public id of the event's session while it is live. The button "This wasn’t me" ends that session.
   */
  live: string | null;
}

/** Entries of the list. */
const LIMIT = 30;

/**
 * Lists what happened to a user's sessions, newest first. Refused log-ins in a row are one entry, so that an
 * attacker can't push all other entries off the list.
 */
export async function timelineOf(db: Database, userId: number): Promise<TimelineEntry[]> {
  const { rows } = await sql<
    Omit<TimelineEntry, 'text'> & { kind: string; reason: EndReason | 'passkey' | null; times: number }
  >`
    with recent as (
      select *, case when kind in (${refusals}) then row_number() over (order by sequence)
        - row_number() over (partition by kind in (${refusals}) order by sequence) else -sequence end as run
      from session_events left join session_event_origins on event_id = id
      where user_id = ${userId} and sequence is not null and kind in (${sql.join(Object.keys(eventTexts))}))
    select max(recent.at) as at, max(recent.kind) as kind, max(reason) as reason, count(*)::int as times,
      case when min(recent.device) = max(recent.device) then max(recent.device) end as device,
      case when count(distinct recent.address) > 1 then 'several places' else max(recent.address) end as address,
      max(session.public_id::text) as live
    from recent left join sessions as session on session.id = recent.session_id and session.status = 'active'
    group by run order by max(sequence) desc limit ${LIMIT}`.execute(db);
  return rows.map(({ kind, reason, times, ...event }) => ({
    ...event,
    text: describeEvent(kind, reason, times),
  }));
}

const refusals = sql.join(['login-failed', 'login-throttled', 'recovery-failed', 'recovery-throttled']);

/** What each kind of event means. Most are said so to its user and to admins. */
export const eventTexts: Readonly<Record<string, string>> = {
  login: 'Logged in',
  'login-failed': 'Log-in failed: wrong password',
  'login-throttled': 'Log-in blocked: too many tries',
  logout: 'Logged out',
  tampered: 'We ignored session data that had been changed from outside',
  expired: 'A session expired',
  ended: 'A session was ended',
  mismatch: 'Another browser used this session',
  drift: 'We blocked a session that had already ended',
  rotated: 'The password was confirmed',
  password: 'The password was changed',
  recovered: 'The password was changed with the recovery code',
  'recovery-code': 'A new recovery code was made',
  'recovery-failed': 'Recovery failed: wrong code',
  'recovery-throttled': 'Recovery blocked: too many tries',
  'reset-link': 'The people who run this site made a link for a new password',
  reset: 'The password was changed with a link',
  renamed: 'The name was changed',
  'email-set': 'An e-mail address was added',
  'email-confirmed': 'The e-mail address was confirmed',
  'email-removed': 'The e-mail address was removed',
  'reset-mailed': 'A link for a new password was sent by e-mail',
  'passkey-added': 'A passkey was added',
  'passkey-removed': 'A passkey was removed',
  'passkey-failed': 'A passkey was refused',
  'votes-voided': 'The people who run this site stopped counting your votes',
  'votes-set-apart': 'The people who run this site left your votes out of the ranking',
  'votes-restored': 'The people who run this site are counting your votes again',
  promoted: 'You became an admin of this site',
  demoted: 'You are no longer an admin of this site',
  approved: 'The people who run this site let you in',
  disabled: 'Your account was disabled',
  enabled: 'Your account was enabled again',
  unlocked: 'The people who run this site let you log in from any device again',
  'password-wrong': 'A wrong password was entered while logged in',
};

const endReasonTexts: Partial<Record<EndReason, string>> = {
  idle: 'A session expired: inactive for a while',
  absolute: 'A session expired: time limit reached',
  revoked: 'A device was logged out from the list of devices',
  password: 'A session was ended because the password was changed',
  limit: 'A session was ended because there were more than 20',
  operator: 'A session was ended by the people who run this site',
  guesses: 'A session was ended after ten wrong passwords in a row',
};

function describeEvent(kind: string, reason: EndReason | 'passkey' | null, times: number): string {
  if (times > 1) return `${count(times, 'log-in')} failed: wrong passwords or codes, or too many tries`;
  if (reason === 'passkey')
    return kind === 'login' ? 'Logged in with a passkey' : 'A passkey was used to confirm';
  return (reason && endReasonTexts[reason]) || eventTexts[kind] || kind;
}
