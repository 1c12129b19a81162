import { sql } from 'kysely';
import { type Database, inTransaction, type Transaction } from '../../database.js';
import type { EndReason } from '../../schema.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from './client.js';
import { lockUser } from './sessions.js';

/** Why a session ends, and which browser ends it; none when an operator or the site itself does. */
interface Ending {
  reason: EndReason;
  client?: Client | undefined;
}

/**
 * Ends one live session and records the event. A session that has ended keeps its first reason.
 * @param accessTokenHash the hash of the session's id. The hash of the id before it also counts for a minute
 * after the change, because a request that was sent with the old id may arrive late.
 * @returns the session's current hash; undefined when it was not live
 */
export function endSession(
  db: Database,
  accessTokenHash: string,
  { reason, client }: Ending,
): Promise<string | undefined> {
  const status = reason === 'idle' || reason === 'absolute' ? 'expired' : 'inactive';
  return inTransaction(db, async (trx) => {
    const ended = await trx
      .updateTable('sessions')
      .set({ status, endReason: reason, endedAt: sql<Date>`now()` })
      .where((row) =>
        row.or([
          row('accessTokenHash', '=', accessTokenHash),
          row.and([
            row('previousTokenHash', '=', accessTokenHash),
            row('rotatedAt', '>', sql<Date>`now() - interval '1 minute'`),
          ]),
        ]),
      )
      .where('status', '=', 'active')
      .returning(['id', 'userId', 'accessTokenHash'])
      .executeTakeFirst();
    if (!ended) return undefined;
    const { id: sessionId, userId } = ended;
    await recordEvent(trx, { kind: eventKind(reason), userId, sessionId, reason, client });
    return ended.accessTokenHash;
  });
}

function eventKind(reason: EndReason): string {
  if (reason === 'logout') return 'logout';
  if (reason === 'fingerprint') return 'mismatch';
  return reason === 'idle' || reason === 'absolute' ? 'expired' : 'ended';
}

/**
 * Ends one session that a user chose from their own list.
 * @returns the session's hash, whose state the caller deletes; undefined when it is not theirs or has ended
 */
export async function endOwnSession(
  db: Database,
  userId: number,
  { publicId, client }: { publicId: string; client: Client },
): Promise<string | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(publicId)) return undefined;
  const session = await db
    .selectFrom('sessions')
    .where('publicId', '=', publicId)
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .select('accessTokenHash')
    .executeTakeFirst();
  return session && endSession(db, session.accessTokenHash, { reason: 'revoked', client });
}

/**
 * Ends all sessions of a user, or all but one, in one transaction.
 * @param ending.keepId the id of the session that stays
 * @returns the hashes of the ended sessions, whose state the caller deletes
 */
export function endSessions(
  db: Database,
  userId: number,
  ending: Ending & { keepId?: number },
): Promise<string[]> {
  return inTransaction(db, async (trx) => {
    await lockUser(trx, userId);
    const sessions = await trx
      .selectFrom('sessions')
      .where('userId', '=', userId)
      .where('status', '=', 'active')
      .where('id', '<>', ending.keepId ?? 0)
      .select('accessTokenHash')
      .orderBy('id')
      .execute();
    const ended: string[] = [];
    for (const { accessTokenHash } of sessions)
      ended.push((await endSession(trx, accessTokenHash, ending)) ?? accessTokenHash);
    return ended;
  });
}

/**
 * Ends a user's oldest sessions when there are too many. The caller holds the lock on the user.
 * @param given.limit how many sessions stay
 * @returns the hashes of the ended sessions, whose state the caller deletes
 */
export async function endOldestSessions(
  trx: Transaction,
  userId: number,
  { limit, client }: { limit: number; client: Client },
): Promise<string[]> {
  const oldest = await trx
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .select('accessTokenHash')
    .orderBy('id', 'desc')
    .offset(limit)
    .execute();
  const hashes = oldest.map((session) => session.accessTokenHash).reverse();
  for (const hash of hashes) await endSession(trx, hash, { reason: 'limit', client });
  return hashes;
}

/** How many users one transaction locks. None of them can log in while it runs. */
const USERS_PER_BATCH = 500;

/**
 * Ends the sessions of all users, batch by batch. Users who log in after their batch stay logged in.
 * @returns how many sessions were live
 */
export async function endAllSessions(db: Database, reason: EndReason): Promise<number> {
  let [count, lastUserId] = [0, 0];
  for (;;) {
    const batch = await endBatch(db, lastUserId, reason);
    if (!batch) return count;
    count += batch.count;
    lastUserId = batch.lastUserId;
  }
}

// It locks users before their sessions, as a log-in does, and users in the order of their ids. Another order
// would let two transactions wait for each other.
async function endBatch(
  db: Database,
  afterUserId: number,
  reason: EndReason,
): Promise<{ count: number; lastUserId: number } | undefined> {
  return db.transaction().execute(async (trx) => {
    const users = await trx
      .selectFrom('users')
      .where('id', '>', afterUserId)
      .where('id', 'in', trx.selectFrom('sessions').where('status', '=', 'active').select('userId'))
      .select('id')
      .orderBy('id')
      .limit(USERS_PER_BATCH)
      .forNoKeyUpdate('users')
      .execute();
    const ids = users.map(({ id }) => id);
    const lastUserId = ids.at(-1);
    if (lastUserId === undefined) return undefined;
    const { rows } = await sql`
      with ended as (
        update sessions set status = 'inactive', ended_at = now(), end_reason = ${reason}
        where status = 'active' and user_id = any (${ids}::bigint[]) returning id, user_id)
      insert into session_events (kind, user_id, session_id, reason)
      select 'ended', user_id, id, ${reason} from ended returning id`.execute(trx);
    return { count: rows.length, lastUserId };
  });
}

/**
 * Marks sessions past a deadline as expired and records the events. It takes 10,000 sessions at most, because
 * chaining the events takes time. Several processes may run it at once.
 */
export async function expireSessions(db: Database): Promise<void> {
  await sql`
    with ended as (
      update sessions set status = 'expired', ended_at = now(),
        end_reason = case when expires_at <= now() then 'absolute' else 'idle' end
      where id in (select id from sessions where status = 'active' and idle_expires_at <= now()
                   limit 10000 for update skip locked)
      returning id, user_id, end_reason)
    insert into session_events (kind, user_id, session_id, reason)
    select 'expired', user_id, id, end_reason from ended`.execute(db);
}
