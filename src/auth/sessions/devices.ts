import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { EndReason } from '../../schema.js';
import { type Client, endSession, lockPerson } from './sessions.js';

/** A session as its owner sees it. */
export interface Device {
  publicId: string;
  device: string;
  address: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  endedAt: Date | null;
  endReason: EndReason | null;
}

/** A person's live sessions, the one active last first, and those that ended within 28 days. */
export async function devicesOf(db: Database, userId: number): Promise<{ live: Device[]; ended: Device[] }> {
  const devices = await db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where((row) =>
      row.or([row('status', '=', 'active'), row('endedAt', '>', sql<Date>`now() - interval '28 days'`)]),
    )
    .select(['publicId', 'device', 'address', 'createdAt', 'lastSeenAt', 'expiresAt', 'endedAt', 'endReason'])
    .orderBy(sql`coalesce(ended_at, last_seen_at)`, 'desc')
    .limit(100)
    .execute();
  return {
    live: devices.filter((device) => !device.endedAt),
    ended: devices.filter((device) => device.endedAt),
  };
}

/**
 * Ends one of a person's own sessions.
 * @returns the hash it went by, for its state to be dropped; undefined when it is not theirs or has ended
 */
export async function endDevice(
  db: Database,
  userId: number,
  publicId: string,
  client: Client,
): Promise<string | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(publicId)) return undefined;
  const session = await db
    .selectFrom('sessions')
    .where('publicId', '=', publicId)
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .select('accessTokenHash')
    .executeTakeFirst();
  return session && endSession(db, session.accessTokenHash, 'revoked', client);
}

/**
 * Ends all of a person's sessions but one, or all of them, in one step.
 * @param given.keep the id of the session that lives on
 * @returns the hashes they went by, for their state to be dropped
 */
export async function endDevices(
  db: Database,
  userId: number,
  reason: EndReason,
  given: { keep?: number; client?: Client } = {},
): Promise<string[]> {
  if (!db.isTransaction) return db.transaction().execute((trx) => endDevices(trx, userId, reason, given));
  const { keep, client } = given;
  await lockPerson(db, userId);
  const sessions = await db
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .where('id', '<>', keep ?? 0)
    .select('accessTokenHash')
    .orderBy('id')
    .execute();
  const ended: string[] = [];
  for (const { accessTokenHash } of sessions)
    ended.push((await endSession(db, accessTokenHash, reason, client)) ?? accessTokenHash);
  return ended;
}

/**
 * Ends a person's oldest sessions beyond so many; call it with the person locked.
 * @returns the hashes they went by, for their state to be dropped
 */
export async function endOldest(
  trx: Database,
  userId: number,
  most: number,
  client: Client,
): Promise<string[]> {
  const oldest = await trx
    .selectFrom('sessions')
    .where('userId', '=', userId)
    .where('status', '=', 'active')
    .select('accessTokenHash')
    .orderBy('id', 'desc')
    .offset(most)
    .execute();
  const hashes = oldest.map((session) => session.accessTokenHash).reverse();
  for (const hash of hashes) await endSession(trx, hash, 'limit', client);
  return hashes;
}

/** How many people's sessions end in one transaction, in which none of them gets a new one. */
const PEOPLE_AT_ONCE = 500;

/**
 * Ends every session there is, person by person; who logs in after their turn stays logged in.
 * @returns how many were live
 */
export async function endAllSessions(db: Database, reason: EndReason): Promise<number> {
  let [many, last] = [0, 0];
  for (;;) {
    const turn = await endNext(db, last, reason);
    if (!turn) return many;
    many += turn.ended;
    last = turn.last;
  }
}

// Like whoever else changes a person's sessions, it waits for the person before it takes what is theirs, and for
// several in the order of their ids: taken in any other order, sessions and people would wait for each other.
async function endNext(
  db: Database,
  after: number,
  reason: EndReason,
): Promise<{ ended: number; last: number } | undefined> {
  return db.transaction().execute(async (trx) => {
    const people = await trx
      .selectFrom('users')
      .where('id', '>', after)
      .where('id', 'in', trx.selectFrom('sessions').where('status', '=', 'active').select('userId'))
      .select('id')
      .orderBy('id')
      .limit(PEOPLE_AT_ONCE)
      .forNoKeyUpdate('users')
      .execute();
    const ids = people.map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return undefined;
    const { rows } = await sql`
      with ended as (
        update sessions set status = 'inactive', ended_at = now(), end_reason = ${reason}
        where status = 'active' and user_id = any (${ids}::bigint[]) returning id, user_id)
      insert into session_events (kind, user_id, session_id, reason)
      select 'ended', user_id, id, ${reason} from ended returning id`.execute(trx);
    return { ended: rows.length, last };
  });
}
