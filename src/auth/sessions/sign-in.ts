import type { Request, Response } from 'express';
import { sql } from 'kysely';
import type { Config } from '../../config.js';
import { type Database, isDatabaseUnavailable } from '../../database.js';
import { clearCookie } from '../../http/cookies.js';
import { recordEvent } from '../audit/record-event.js';
import { readClient } from './client.js';
import { endOldestSessions, endSession } from './end-sessions.js';
import { fingerprint } from './fingerprint.js';
import type { PendingRevocations } from './pending-revocations.js';
import { LogInUnavailableError, type SessionStore } from './session-store.js';
import { type Deadlines, hashSessionId, lockUser, recordSession } from './sessions.js';

/** Live sessions per account. A log-in beyond that ends the oldest. */
const MAX_SESSIONS = 20;

/** How a user has proved who they are. */
export interface Proof {
  /** The account's hash when it was checked. It may have changed since. */
  passwordHash: string;
  /** With a passkey; undefined for the password. */
  by?: 'passkey' | undefined;
}

/**
 * Starts a session with a new id, in both stores or in neither. The row is committed only after the state is
 * saved, and a failure of either sets no cookie. A session that this browser already had ends.
 * @param account the user, and the hash that the password matched
 * @returns the hashes of sessions that ended because there were too many, whose state the caller deletes;
 * undefined when the password was changed, or the account disabled or closed, since the password was checked
 * @throws LogInUnavailableError when the state can't be saved; Error when the row can't be written
 */
export async function signIn(
  req: Request,
  { db, config }: { db: Database; config: Config },
  { userId, passwordHash, remembered, by }: { userId: number; remembered: boolean } & Proof,
): Promise<string[] | undefined> {
  if (!req.session) throw new LogInUnavailableError('Postgres was unavailable when the session was loaded');
  const client = readClient(req);
  const previousHash = req.session.userId === undefined ? undefined : hashSessionId(req.sessionID);
  try {
    return await db.transaction().execute(async (trx) => {
      const user = await lockUser(trx, userId, req.session.userId);
      if (user?.passwordHash !== passwordHash || user.disabledAt || user.awaitingSince) return undefined;
      await toPromise((done) => req.session.regenerate(done));
      if (previousHash) await endSession(trx, previousHash, { reason: 'logout', client });
      const session = {
        userId,
        remembered,
        client,
        by,
        sessionId: req.sessionID,
        fingerprint: fingerprint(client.userAgent, config.secrets[0]),
      };
      await saveState(req, userId, await recordSession(trx, session, config));
      return endOldestSessions(trx, userId, { limit: MAX_SESSIONS, client });
    });
  } catch (error) {
    req.sessionStore.destroy(req.sessionID);
    detachSession(req);
    throw error;
  }
}

/**
 * Gives the current session a new id, and records that the user just gave the password or used a passkey. The old id is invalid
 * from then on (OWASP ASVS 5.0, 7.2.4). Of two requests at once one changes the id, and the other sets no
 * cookie.
 * @returns whether the session is live, whichever request changed the id; false when the password was changed
 * meanwhile
 * @throws Error when either store fails; then the old id stays valid
 */
export async function rotateSessionId(
  req: Request,
  db: Database,
  { passwordHash, by }: Proof,
): Promise<boolean> {
  const previousHash = hashSessionId(req.sessionID);
  const { userId } = req.session;
  const client = readClient(req);
  await toPromise((done) => req.session.regenerate(done));
  try {
    const result = await db.transaction().execute(async (trx) => {
      const user = userId === undefined ? undefined : await lockUser(trx, userId);
      if (userId === undefined || user?.passwordHash !== passwordHash) return 'password changed';
      const row = await trx
        .updateTable('sessions')
        .set({
          accessTokenHash: hashSessionId(req.sessionID),
          previousTokenHash: previousHash,
          rotatedAt: sql<Date>`now()`,
          confirmedAt: sql<Date>`now()`,
        })
        .where('accessTokenHash', '=', previousHash)
        .where('status', '=', 'active')
        .returning(['id', 'remembered', 'expiresAt', 'idleExpiresAt'])
        .executeTakeFirst();
      if (!row) return 'not found';
      await recordEvent(trx, { kind: 'rotated', userId, sessionId: row.id, reason: by, client });
      await saveState(req, userId, row);
      return 'rotated';
    });
    if (result === 'rotated') return true;
    // Another request may have rotated the id first. Its cookie is valid, and this answer must not replace
    // it.
    detachSession(req);
    return result === 'not found' && (await wasRotated(db, previousHash));
  } catch (error) {
    req.sessionStore.destroy(req.sessionID);
    detachSession(req);
    throw error;
  }
}

async function wasRotated(db: Database, previousHash: string): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .where('previousTokenHash', '=', previousHash)
    .where('status', '=', 'active')
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

async function saveState(req: Request, userId: number, deadlines: Deadlines): Promise<void> {
  if (deadlines.remembered) req.session.cookie.maxAge = deadlines.expiresAt.getTime() - Date.now();
  Object.assign(req.session, { userId, until: deadlines.idleExpiresAt.getTime() });
  try {
    await toPromise((done) => req.session.save(done));
  } catch (error) {
    throw new LogInUnavailableError('session state could not be saved', { cause: error });
  }
}

function toPromise(start: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/**
 * Ends the session of this browser: first its row, which decides, then its state, then the cookie. While
 * Postgres is unavailable, the log-out is kept until it is back.
 * @throws Error when no store can keep the log-out; then nothing has changed
 */
export async function signOut(
  req: Request,
  res: Response,
  { db, pendingRevocations, store }: SignOutServices,
): Promise<void> {
  const accessTokenHash = hashSessionId(req.sessionID);
  try {
    const ended = await endSession(db, accessTokenHash, { reason: 'logout', client: readClient(req) });
    if (ended) await store.deleteByHash([ended]);
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    await pendingRevocations.add(accessTokenHash).catch(() => {
      throw error;
    });
  }
  req.sessionStore.destroy(req.sessionID);
  detachSession(req);
  clearCookie(res, 'thinga');
  res.setHeader('Clear-Site-Data', '"cache", "storage"');
}

interface SignOutServices {
  db: Database;
  pendingRevocations: PendingRevocations;
  store: SessionStore;
}

// Without a session express-session sets no cookie, not even on an answer that reports a failure.
function detachSession(req: Request): void {
  Object.assign(req, { session: undefined });
}
