import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { count } from '../../http/format.js';
import type { EndReason } from '../../schema.js';

/** One line of what happened to a person's sessions. */
export interface Happening {
  at: Date;
  text: string;
  device: string | null;
  /** Where from: an address, or in words when there were several. */
  address: string | null;
  /** The session it happened to, while that lives: "this was not me" ends it. */
  live: string | null;
}

/**
 * What happened to a person's sessions, newest first. Refused log-ins in a row are one line, however many: whoever
 * causes them is not to push everything else off the list.
 */
export async function timelineOf(db: Database, userId: number, limit = 30): Promise<Happening[]> {
  const { rows } = await sql<
    Omit<Happening, 'text'> & { kind: string; reason: EndReason | null; times: number }
  >`
    with recent as (
      select *, case when kind in (${refusals}) then row_number() over (order by sequence)
        - row_number() over (partition by kind in (${refusals}) order by sequence) else -sequence end as run
      from session_events left join session_event_origins on event_id = id
      where user_id = ${userId} and sequence is not null and kind in (${sql.join(Object.keys(words))}))
    select max(recent.at) as at, max(recent.kind) as kind, max(reason) as reason, count(*)::int as times,
      case when min(recent.device) = max(recent.device) then max(recent.device) end as device,
      case when count(distinct recent.address) > 1 then 'several places' else max(recent.address) end as address,
      max(session.public_id::text) as live
    from recent left join sessions as session on session.id = recent.session_id and session.status = 'active'
    group by run order by max(sequence) desc limit ${limit}`.execute(db);
  return rows.map(({ kind, reason, times, ...event }) => ({ ...event, text: tell(kind, reason, times) }));
}

const refusals = sql.join(['login-failed', 'login-throttled']);

const words: Record<string, string> = {
  login: 'Logged in',
  'login-failed': 'A log-in failed: the password was wrong',
  'login-throttled': 'A log-in was refused: there had been too many tries',
  logout: 'Logged out',
  tampered: 'The state of a session had been changed, and was not believed',
  expired: 'A session ran out',
  ended: 'A session was ended',
  mismatch: 'A visit was refused: another browser used this session',
  drift: 'A session that had ended was refused',
  rotated: 'The password was given again',
  password: 'The password was changed',
  'votes-voided': 'The people who run this site decided that your votes count no more',
  'votes-set-apart': 'The people who run this site left your votes out of the ranking',
  'votes-restored': 'The people who run this site let your votes count again',
  'password-wrong': 'A wrong password was given where it was asked for again',
};

const endings: Partial<Record<EndReason, string>> = {
  idle: 'A session ran out: nothing was done on it for a while',
  absolute: 'A session ran out: its time was up',
  revoked: 'A session was ended from the list of devices',
  password: 'A session was ended because the password was changed',
  limit: 'A session was ended because there were more than 20',
  operator: 'A session was ended by the people who run this site',
  guesses: 'A session was ended because ten wrong passwords in a row were given on it',
};

function tell(kind: string, reason: EndReason | null, times: number): string {
  if (times > 1) return `${count(times, 'log-in')} were refused: wrong passwords, or too many tries`;
  return (reason && endings[reason]) || words[kind] || kind;
}
