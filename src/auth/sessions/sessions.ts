import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { EndReason } from '../../schema.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Who is calling and from where, for the record. */
export interface Client {
  userAgent: string | undefined;
  device: string;
  address: string;
}

/** A session that holds, as its row tells it. */
export interface LiveSession {
  id: number;
  publicId: string;
  remembered: boolean;
  lastSeenAt: Date;
  expiresAt: Date;
  idleExpiresAt: Date;
  /** The password was given within the last ten minutes, by the database's clock. */
  isConfirmed: boolean;
}

/** How long a session may go on. */
export type Deadlines = Pick<LiveSession, 'remembered' | 'expiresAt' | 'idleExpiresAt'>;

/** How long sessions live; see docs/security.md for the choice of each. */
export interface Lifetimes {
  sessionExpireDays: number;
  sessionIdleMinutes: number;
}

/**
 * What stands for a session in both stores: SHA-256 of the cookie's id, in hex. The id itself is kept nowhere,
 * so neither store's contents can sign anybody in (OWASP ASVS 5.0, 7.2).
 */
export const hashSessionId = (id: string): string => hash('sha256', id, 'hex');

/**
 * Lets nobody else change this person's sessions or password until the transaction ends, and waits for whoever is
 * at it; call it before anything else, so that what a person's transactions lock they lock in one order.
 * @param other somebody else whose session ends in the same transaction
 * @returns the person as they are now; undefined when their account is gone
 */
export async function lockPerson(
  trx: Database,
  userId: number,
  other = userId,
): Promise<{ passwordHash: string; disabledAt: Date | null } | undefined> {
  const people = await trx
    .selectFrom('users')
    .where('id', 'in', [userId, other])
    .select(['id', 'passwordHash', 'disabledAt'])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  return people.find(({ id }) => id === userId);
}

/**
 * Writes the record of a new session and the event that tells of it.
 * @param trx the transaction that also holds whatever else the log-in does
 */
export async function recordSession(
  trx: Database,
  given: { userId: number; sessionId: string; remembered: boolean; fingerprint: string; client: Client },
  lifetimes: Lifetimes,
  now = new Date(),
): Promise<Deadlines> {
  const { client, remembered, userId } = given;
  const absolute = remembered ? lifetimes.sessionExpireDays * DAY : 12 * HOUR;
  const expiresAt = new Date(now.getTime() + absolute);
  const session = await trx
    .insertInto('sessions')
    .values({
      userId,
      accessTokenHash: hashSessionId(given.sessionId),
      clientFingerprint: given.fingerprint,
      remembered,
      createdAt: now,
      confirmedAt: sql<Date>`now()`,
      lastSeenAt: now,
      expiresAt,
      idleExpiresAt: idleDeadline({ remembered, expiresAt }, lifetimes, now),
      device: client.device,
      address: client.address,
    })
    .returning(['id', 'remembered', 'expiresAt', 'idleExpiresAt'])
    .executeTakeFirstOrThrow();
  await recordEvent(trx, { kind: 'login', userId, sessionId: session.id, client });
  return session;
}

/** When a session ends unless something is done on it before; never past its absolute deadline. */
export function idleDeadline(
  { remembered, expiresAt }: Pick<LiveSession, 'remembered' | 'expiresAt'>,
  lifetimes: Lifetimes,
  now: Date,
): Date {
  const idle = remembered ? 14 * DAY : lifetimes.sessionIdleMinutes * 60_000;
  return new Date(Math.min(now.getTime() + idle, expiresAt.getTime()));
}

/**
 * Ends a session in the record, once, with the event that tells of it; what ended before keeps its reason.
 * @param accessTokenHash of its id, or of the id it had before, when that was changed within the last minute: by a
 * request that was under way together with the one that ends it
 * @returns the hash it went by until now; undefined when it was not live
 */
export async function endSession(
  db: Database,
  accessTokenHash: string,
  reason: EndReason,
  client?: Client,
): Promise<string | undefined> {
  if (!db.isTransaction)
    return db.transaction().execute((trx) => endSession(trx, accessTokenHash, reason, client));
  const status = reason === 'idle' || reason === 'absolute' ? 'expired' : 'inactive';
  const ended = await db
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
  await recordEvent(db, {
    kind: eventKind(reason),
    userId: ended.userId,
    sessionId: ended.id,
    reason,
    client,
  });
  return ended.accessTokenHash;
}

/**
 * Marks sessions past a deadline as expired, with their events, 10,000 at most: chaining the events takes its time.
 * Several processes may do so at once.
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

interface Event {
  kind: string;
  userId: number | null;
  sessionId: number | null;
  reason?: string;
  client?: Client | undefined;
}

/**
 * Adds a line to what people can read about their sessions; call it in the transaction of what it tells. What
 * happens to somebody who has just closed their account is nobody's.
 */
export async function recordEvent(
  trx: Database,
  { kind, userId, sessionId, reason, client }: Event,
): Promise<void> {
  // A random UUID is 16 bytes, 122 bits of them random: Postgres has no other strong randomness built in.
  await sql`
    with origin as (
      select uuid_send(gen_random_uuid()) as salt, ${client?.device ?? null}::text as device,
        ${client?.address ?? null}::text as address
      where ${client !== undefined}::boolean),
    event as (
      insert into session_events (kind, user_id, session_id, reason, origin_digest)
      values (${kind},
        (select id from users where id = ${userId}::bigint for key share),
        (select id from sessions where id = ${sessionId}::bigint for key share),
        ${reason ?? null}::text,
        (select origin_digest(salt, device, address) from origin))
      returning id)
    insert into session_event_origins (event_id, salt, device, address)
    select id, salt, device, address from event, origin`.execute(trx);
}

function eventKind(reason: EndReason): string {
  if (reason === 'logout') return 'logout';
  if (reason === 'fingerprint') return 'mismatch';
  return reason === 'idle' || reason === 'absolute' ? 'expired' : 'ended';
}
