import { hash } from 'node:crypto';
import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from './client.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A live session, as its row in Postgres describes it. */
export interface LiveSession {
  id: number;
  publicId: string;
  remembered: boolean;
  lastSeenAt: Date;
  expiresAt: Date;
  idleExpiresAt: Date;
  /** The user gave the password within the last ten minutes, by the database's clock. */
  isConfirmed: boolean;
}

/** The deadlines of a session. */
export type Deadlines = Pick<LiveSession, 'remembered' | 'expiresAt' | 'idleExpiresAt'>;

/** The configured lifetimes of sessions. docs/security.md gives the reason for each. */
export interface Lifetimes {
  sessionExpireDays: number;
  sessionIdleMinutes: number;
}

/**
 * The name of a session in both stores: the SHA-256 of the id in the cookie, in hex. The id itself is stored
 * nowhere, so the contents of a store log nobody in (OWASP ASVS 5.0, 7.2).
 */
export const hashSessionId = (id: string): string => hash('sha256', id, 'hex');

/**
 * Locks a user until the transaction ends, and first waits for any other transaction that holds the lock.
 * Log-ins, changes of an id or a password, and the end of several sessions wait for each other this way. The
 * end of one session locks only its row. Call it first in a transaction, so that all transactions lock rows in
 * one order.
 * @param otherUserId another user whose session ends in the same transaction
 * @returns the user as they are now; undefined when the account is gone
 */
export async function lockUser(
  trx: Transaction,
  userId: number,
  otherUserId = userId,
): Promise<{ passwordHash: string; disabledAt: Date | null; awaitingSince: Date | null } | undefined> {
  const users = await trx
    .selectFrom('users')
    .where('id', 'in', [userId, otherUserId])
    .select(['id', 'passwordHash', 'disabledAt', 'awaitingSince'])
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  return users.find(({ id }) => id === userId);
}

/**
 * Inserts the row of a new session and its log-in event.
 * @param trx the transaction of the whole log-in
 */
export async function recordSession(
  trx: Transaction,
  session: {
    userId: number;
    sessionId: string;
    remembered: boolean;
    fingerprint: string;
    client: Client;
    by?: 'passkey' | undefined;
  },
  lifetimes: Lifetimes,
): Promise<Deadlines> {
  const { client, remembered, userId } = session;
  const now = new Date();
  const absolute = remembered ? lifetimes.sessionExpireDays * DAY_MS : 12 * HOUR_MS;
  const expiresAt = new Date(now.getTime() + absolute);
  const row = await trx
    .insertInto('sessions')
    .values({
      userId,
      accessTokenHash: hashSessionId(session.sessionId),
      clientFingerprint: session.fingerprint,
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
  await recordEvent(trx, { kind: 'login', userId, sessionId: row.id, reason: session.by, client });
  return row;
}

/** When a session ends if its user does nothing more. It is never later than the absolute deadline. */
export function idleDeadline(
  { remembered, expiresAt }: Pick<LiveSession, 'remembered' | 'expiresAt'>,
  lifetimes: Lifetimes,
  now: Date,
): Date {
  const idle = remembered ? 14 * DAY_MS : lifetimes.sessionIdleMinutes * 60_000;
  return new Date(Math.min(now.getTime() + idle, expiresAt.getTime()));
}
