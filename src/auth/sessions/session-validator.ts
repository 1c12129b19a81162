import { Batcher } from '../../batcher.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import type { EndReason } from '../../schema.js';
import { statement } from '../../statement.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from './client.js';
import { endSession } from './end-sessions.js';
import { matchesFingerprint } from './fingerprint.js';
import { idleDeadline, type Lifetimes, type LiveSession } from './sessions.js';

const TOUCH_EVERY_MS = 60_000;

/** A user who is logged in. */
export interface User {
  id: number;
  username: string;
  role: 'member' | 'admin';
  createdAt: Date;
}

/**
 * What Postgres says about a session: it is live and belongs to a user, or it has ended, or there is none.
 * `endedNow` is true when this check has ended it. `disabledReason` is there when the account is disabled.
 */
type Validation =
  | { user: User; session: LiveSession }
  | { endReason: EndReason; endedNow: boolean; disabledReason: string | null | undefined }
  | undefined;

/**
 * Asks Postgres whether sessions are live and to whom they belong. Postgres decides, whatever Redis holds.
 * Requests that arrive together share one statement, and it always starts after they arrived.
 */
export class SessionValidator {
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

  /**
   * Checks one session. It ends a session past a deadline, of a disabled account or used by another browser.
   */
  async validate(accessTokenHash: string, client: Client): Promise<Validation> {
    const row = await this.#rows.load(accessTokenHash);
    if (!row) return undefined;
    const {
      clientFingerprint,
      disabledAt,
      disabledReason: storedReason,
      endReason,
      status,
      userId,
      username,
      role,
      memberSince,
      ...session
    } = row;
    const disabledReason = disabledAt ? storedReason : undefined;
    if (status !== 'active') return { endReason: endReason ?? 'revoked', endedNow: false, disabledReason };
    const { sessionFingerprint: mode, secrets } = this.#config;
    const now = new Date();
    const isOtherBrowser =
      mode !== 'off' && !matchesFingerprint(clientFingerprint, client.userAgent, secrets);
    const reason =
      reasonToEnd(row, now) ?? (isOtherBrowser && mode === 'enforce' ? 'fingerprint' : undefined);
    if (reason) {
      await endSession(this.#db, accessTokenHash, { reason, client });
      return { endReason: reason, endedNow: true, disabledReason };
    }
    if (isOtherBrowser && isTouchDue(session, now))
      await recordEvent(this.#db, { kind: 'mismatch', userId, sessionId: session.id, client });
    return { user: { id: userId, username, role, createdAt: memberSince }, session };
  }
}

function reasonToEnd({ disabledAt, expiresAt, idleExpiresAt }: Row, now: Date): EndReason | undefined {
  if (disabledAt) return 'account';
  if (expiresAt <= now) return 'absolute';
  return idleExpiresAt <= now ? 'idle' : undefined;
}

interface Row extends LiveSession {
  status: 'active' | 'inactive' | 'expired';
  endReason: EndReason | null;
  clientFingerprint: string;
  userId: number;
  username: string;
  role: User['role'];
  disabledAt: Date | null;
  disabledReason: string | null;
  memberSince: Date;
}

const findSessions = statement<Row & { accessTokenHash: string }>(`
  select sessions.id, public_id, access_token_hash, status, end_reason, client_fingerprint, remembered, last_seen_at,
    expires_at, idle_expires_at, confirmed_at > now() - interval '10 minutes' as is_confirmed,
    user_id, username, role, disabled_at, disabled_reason, users.created_at as member_since
  from sessions join users on users.id = user_id where access_token_hash = any($1)`);

/**
 * Moves "last active" and the idle deadline, at most once a minute. The idle deadline never passes the
 * absolute one.
 * @returns the new idle deadline; undefined when it did not move
 */
export async function touchSession(
  db: Database,
  session: LiveSession,
  lifetimes: Lifetimes,
): Promise<Date | undefined> {
  const now = new Date();
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
