import type { Request, Response } from 'express';
import { sql } from 'kysely';
import type { Config } from '../../config.js';
import { type Database, isDatabaseAway } from '../../database.js';
import { clearCookie } from '../../http/cookies.js';
import { readClient } from './client.js';
import { endOldest } from './devices.js';
import { fingerprint } from './fingerprint.js';
import type { PendingRevocations } from './pending-revocations.js';
import {
  type Deadlines,
  endSession,
  hashSessionId,
  lockPerson,
  recordEvent,
  recordSession,
} from './sessions.js';
import { type RecordedStore, StateAwayError } from './store.js';

/** Live sessions that one account may have; the oldest end beyond it. */
const MOST_SESSIONS = 20;

/**
 * Starts a session under a fresh id, in both stores or in neither: the record is committed only once the
 * session's state is saved, and a failure of either leaves no cookie. A session that was under way ends.
 * @param given who it is, and the hash that their password was found to match
 * @returns the hashes of sessions that ended because there were too many, for their state to be dropped; undefined
 * when the password was changed, or the account disabled or closed, since the password was checked
 * @throws StateAwayError when its state can't be saved; Error when the record can't be written
 */
export async function signIn(
  req: Request,
  db: Database,
  config: Config,
  { userId, passwordHash, remembered }: { userId: number; passwordHash: string; remembered: boolean },
): Promise<string[] | undefined> {
  if (!req.session) throw new StateAwayError('the record was away when the session was looked for');
  const client = readClient(req);
  const before = req.session.userId === undefined ? undefined : hashSessionId(req.sessionID);
  try {
    return await db.transaction().execute(async (trx) => {
      const person = await lockPerson(trx, userId, req.session.userId);
      if (person?.passwordHash !== passwordHash || person.disabledAt) return undefined;
      await called((done) => req.session.regenerate(done));
      if (before) await endSession(trx, before, 'logout', client);
      const given = { userId, sessionId: req.sessionID, remembered, client };
      const row = await recordSession(
        trx,
        { ...given, fingerprint: fingerprint(client.userAgent, config.secrets[0]) },
        config,
      );
      await saveState(req, userId, row);
      return endOldest(trx, userId, MOST_SESSIONS, client);
    });
  } catch (error) {
    req.sessionStore.destroy(req.sessionID);
    // Without a session express-session sets no cookie, not even on the answer that reports the failure.
    Object.assign(req, { session: undefined });
    throw error;
  }
}

/**
 * Gives the session under way a new id, and notes that the password was just given. The id before is dead from
 * then on (OWASP ASVS 5.0, 7.2.4). Of two at once one changes it, and the other goes on without a cookie of its own.
 * @param passwordHash the hash that the password was found to match
 * @returns whether the session is still live, by whichever of them; no when the password was changed meanwhile
 * @throws Error when either store fails; then the old id goes on
 */
export async function renew(req: Request, db: Database, passwordHash: string): Promise<boolean> {
  const before = hashSessionId(req.sessionID);
  const { userId } = req.session;
  const client = readClient(req);
  await called((done) => req.session.regenerate(done));
  try {
    const renewed = await db.transaction().execute(async (trx) => {
      const person = userId === undefined ? undefined : await lockPerson(trx, userId);
      if (userId === undefined || person?.passwordHash !== passwordHash) return undefined;
      const row = await trx
        .updateTable('sessions')
        .set({
          accessTokenHash: hashSessionId(req.sessionID),
          previousTokenHash: before,
          rotatedAt: sql<Date>`now()`,
          confirmedAt: sql<Date>`now()`,
        })
        .where('accessTokenHash', '=', before)
        .where('status', '=', 'active')
        .returning(['id', 'remembered', 'expiresAt', 'idleExpiresAt'])
        .executeTakeFirst();
      if (!row) return false;
      await recordEvent(trx, { kind: 'rotated', userId, sessionId: row.id, client });
      await saveState(req, userId, row);
      return true;
    });
    // Another request was first: its cookie is the good one, and this answer must not replace it.
    if (!renewed) Object.assign(req, { session: undefined });
    return renewed === false ? await wasRenewed(db, before) : renewed === true;
  } catch (error) {
    req.sessionStore.destroy(req.sessionID);
    Object.assign(req, { session: undefined });
    throw error;
  }
}

/**
 * Ends the session of this browser: the record first, which decides, then its state, then the cookie.
 * While the record is away the end of the session is kept until it is back.
 * @throws Error when it can be kept nowhere; then nothing has changed
 */
export async function signOut(
  req: Request,
  res: Response,
  db: Database,
  { pendingRevocations, store }: { pendingRevocations: PendingRevocations; store: RecordedStore },
): Promise<void> {
  const key = hashSessionId(req.sessionID);
  try {
    const ended = await endSession(db, key, 'logout', readClient(req));
    if (ended) await store.forget([ended]);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    await pendingRevocations.note(key).catch(() => {
      throw error;
    });
  }
  req.sessionStore.destroy(req.sessionID);
  Object.assign(req, { session: undefined });
  clearCookie(res, 'thinga');
  res.setHeader('Clear-Site-Data', '"cache", "storage"');
}

async function wasRenewed(db: Database, accessTokenHash: string): Promise<boolean> {
  const row = await db
    .selectFrom('sessions')
    .where('previousTokenHash', '=', accessTokenHash)
    .where('status', '=', 'active')
    .select('id')
    .executeTakeFirst();
  return row !== undefined;
}

async function saveState(req: Request, userId: number, row: Deadlines): Promise<void> {
  if (row.remembered) req.session.cookie.maxAge = row.expiresAt.getTime() - Date.now();
  Object.assign(req.session, { userId, until: row.idleExpiresAt.getTime() });
  try {
    await called((done) => req.session.save(done));
  } catch (error) {
    throw new StateAwayError('session state could not be saved', { cause: error });
  }
}

function called(start: (done: (error?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
