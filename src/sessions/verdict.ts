import { sql } from 'kysely';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { EndReason } from '../schema.js';
import { matchesFingerprint } from './fingerprint.js';
import {
  type Client,
  endSession,
  idleDeadline,
  type Lifetimes,
  type LiveSession,
  recordEvent,
} from './sessions.js';

const TOUCH_EVERY_MS = 60_000;

/** The signed-in person. */
export interface User {
  id: number;
  username: string;
  role: 'member' | 'admin';
  createdAt: Date;
}

/** What the record says of a cookie's id: a person and their session, why it ended, or nothing at all. */
export type Verdict =
  | { user: User; session: LiveSession }
  | { ended: EndReason; justNow: boolean }
  | undefined;

/**
 * Asks the record whether a session holds and whose it is, in one query; its word wins over Redis's.
 * A session past its deadline, or offered by another browser, ends here.
 */
export async function readVerdict(
  db: Database,
  accessTokenHash: string,
  client: Client,
  config: Pick<Config, 'secrets' | 'sessionFingerprint'>,
  now = new Date(),
): Promise<Verdict> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.userId')
    .where('accessTokenHash', '=', accessTokenHash)
    .select(['sessions.id', 'publicId', 'status', 'remembered', 'lastSeenAt', 'expiresAt', 'idleExpiresAt'])
    .select(['endReason', 'clientFingerprint', 'userId', 'username', 'role', 'disabledAt'])
    .select('users.createdAt as memberSince')
    .select(sql<boolean>`confirmed_at > now() - interval '10 minutes'`.as('isConfirmed'))
    .executeTakeFirst();
  if (!row) return undefined;
  const {
    clientFingerprint,
    disabledAt,
    endReason,
    status,
    userId,
    username,
    role,
    memberSince,
    ...session
  } = row;
  if (status !== 'active') return { ended: endReason ?? 'revoked', justNow: false };
  const mode = config.sessionFingerprint;
  const strange = mode !== 'off' && !matchesFingerprint(clientFingerprint, client.userAgent, config.secrets);
  const overdue = session.expiresAt <= now ? 'absolute' : session.idleExpiresAt <= now ? 'idle' : undefined;
  const ending = disabledAt
    ? 'account'
    : (overdue ?? (strange && mode === 'enforce' ? 'fingerprint' : undefined));
  if (ending) {
    await endSession(db, accessTokenHash, ending, client);
    return { ended: ending, justNow: true };
  }
  if (strange && isTouchDue(session, now))
    await recordEvent(db, { kind: 'mismatch', userId, sessionId: session.id, client });
  return { user: { id: userId, username, role, createdAt: memberSince }, session };
}

/**
 * Moves "last active" and the idle deadline, at most once a minute, and never past the absolute deadline.
 * @returns the new idle deadline, or undefined when it was left where it is
 */
export async function touchSession(
  db: Database,
  session: LiveSession,
  lifetimes: Lifetimes,
  now = new Date(),
): Promise<Date | undefined> {
  if (!isTouchDue(session, now)) return undefined;
  const idleExpiresAt = idleDeadline(session, lifetimes, now);
  await db
    .updateTable('sessions')
    .set({ lastSeenAt: now, idleExpiresAt })
    .where('id', '=', session.id)
    .where('status', '=', 'active')
    .execute();
  return idleExpiresAt;
}

function isTouchDue({ lastSeenAt }: Pick<LiveSession, 'lastSeenAt'>, now: Date): boolean {
  return now.getTime() - lastSeenAt.getTime() >= TOUCH_EVERY_MS;
}
