import { Batcher } from '../../batcher.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { EndReason } from '../../schema.js';
import { statement } from '../../statement.js';
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
 * Asks the record whether sessions hold and whose they are; its word wins over Redis's. Requests that arrive together
 * are asked about in one statement, each in one that begins after it arrived.
 */
export class Verdicts {
  readonly #db: Database;
  readonly #config: Pick<Config, 'secrets' | 'sessionFingerprint'>;
  readonly #rows: Batcher<string, Row>;

  constructor(db: Database, config: Pick<Config, 'secrets' | 'sessionFingerprint'>) {
    this.#db = db;
    this.#config = config;
    this.#rows = new Batcher(async (hashes) => {
      const rows = await findSessions(db, hashes);
      return new Map(rows.map(({ accessTokenHash, ...row }) => [accessTokenHash, row]));
    });
  }

  /** The verdict on one session. A session past its deadline, or offered by another browser, ends here. */
  async of(accessTokenHash: string, client: Client, now = new Date()): Promise<Verdict> {
    const row = await this.#rows.ask(accessTokenHash);
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
    const { sessionFingerprint: mode, secrets } = this.#config;
    const strange = mode !== 'off' && !matchesFingerprint(clientFingerprint, client.userAgent, secrets);
    const overdue = session.expiresAt <= now ? 'absolute' : session.idleExpiresAt <= now ? 'idle' : undefined;
    const ending = disabledAt
      ? 'account'
      : (overdue ?? (strange && mode === 'enforce' ? 'fingerprint' : undefined));
    if (ending) {
      await endSession(this.#db, accessTokenHash, ending, client);
      return { ended: ending, justNow: true };
    }
    if (strange && isTouchDue(session, now))
      await recordEvent(this.#db, { kind: 'mismatch', userId, sessionId: session.id, client });
    return { user: { id: userId, username, role, createdAt: memberSince }, session };
  }
}

interface Row extends LiveSession {
  status: 'active' | 'inactive' | 'expired';
  endReason: EndReason | null;
  clientFingerprint: string;
  userId: number;
  username: string;
  role: User['role'];
  disabledAt: Date | null;
  memberSince: Date;
}

const findSessions = statement<Row & { accessTokenHash: string }>(`
  select sessions.id, public_id, access_token_hash, status, end_reason, client_fingerprint, remembered, last_seen_at,
    expires_at, idle_expires_at, confirmed_at > now() - interval '10 minutes' as is_confirmed,
    user_id, username, role, disabled_at, users.created_at as member_since
  from sessions join users on users.id = user_id where access_token_hash = any($1)`);

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
