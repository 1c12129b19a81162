import type { Database } from '../database.js';
import type { EndReason } from '../schema.js';

/** One line of what happened to a person's sessions. */
export interface Happening {
  at: Date;
  text: string;
  device: string | null;
  address: string | null;
  /** The session it happened to, while that lives: "this was not me" ends it. */
  live: string | null;
}

/** What happened to a person's sessions, newest first. */
export async function timelineOf(db: Database, userId: number, limit = 30): Promise<Happening[]> {
  const events = await db
    .selectFrom('sessionEvents as event')
    .leftJoin('sessions as session', (join) =>
      join.onRef('session.id', '=', 'event.sessionId').on('session.status', '=', 'active'),
    )
    .where('event.userId', '=', userId)
    .where('kind', 'in', Object.keys(words))
    .select(['kind', 'at', 'reason', 'event.device', 'event.address', 'session.publicId as live'])
    .orderBy('event.place', 'desc')
    .limit(limit)
    .execute();
  return events.map(({ kind, reason, ...event }) => ({
    ...event,
    text: tell(kind, reason as EndReason | null),
  }));
}

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

function tell(kind: string, reason: EndReason | null): string {
  return (reason && endings[reason]) || words[kind] || kind;
}
