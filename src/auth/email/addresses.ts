import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { hashToken, newSeed } from '../../tokens.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from '../sessions/client.js';

/** A user's e-mail address. Nothing but the link to confirm it is sent to one that is not confirmed. */
export interface EmailAddress {
  address: string;
  confirmedAt: Date | null;
  /** The address that replaces a confirmed one as soon as it is confirmed too. */
  newAddress: string | null;
}

/** How long the link that confirms an address works, in hours. */
export const CONFIRM_HOURS = 24;

/** A user on a session, and their browser. */
interface Owner {
  userId: number;
  sessionId: number;
  client: Client;
}

/** The e-mail address of a user; undefined when there is none. */
export function findAddress(db: Database, userId: number): Promise<EmailAddress | undefined> {
  return db
    .selectFrom('emailAddresses')
    .where('userId', '=', userId)
    .select(['address', 'confirmedAt', 'newAddress'])
    .executeTakeFirst();
}

/**
 * Sets the address of a user, in place of another. A confirmed one stays until the new one is confirmed.
 * @returns the token that confirms it
 */
export async function setAddress(
  db: Database,
  { address, ...owner }: Owner & { address: string },
): Promise<string> {
  const token = newSeed();
  const link = {
    tokenHash: hashToken(token),
    tokenExpiresAt: sql<Date>`now() + make_interval(hours => ${CONFIRM_HOURS})`,
  };
  const changed = {
    address: sql<string>`case when email_addresses.confirmed_at is null then ${address}::text else email_addresses.address end`,
    newAddress: sql<
      string | null
    >`case when email_addresses.confirmed_at is not null then ${address}::text end`,
  };
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('emailAddresses')
      .values({ userId: owner.userId, address, ...link })
      .onConflict((conflict) => conflict.column('userId').doUpdateSet({ ...changed, ...link }))
      .execute();
    await recordEvent(trx, { kind: 'email-set', ...owner });
  });
  return token;
}

/** Finds the address that a token confirms; undefined when the link can't be used. */
export function findUnconfirmed(
  db: Database,
  token: string,
): Promise<{ userId: number; address: string } | undefined> {
  return db
    .selectFrom('emailAddresses')
    .where('tokenHash', '=', hashToken(token))
    .where('tokenExpiresAt', '>', sql<Date>`now()`)
    .select(['userId', NEWEST.as('address')])
    .executeTakeFirst();
}

/** Confirms an address. @returns whether the token could be used */
export async function confirmAddress(db: Database, token: string, client: Client): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('emailAddresses')
      .set({ address: NEWEST, newAddress: null, confirmedAt: sql<Date>`now()`, ...NO_LINK })
      .where('tokenHash', '=', hashToken(token))
      .where('tokenExpiresAt', '>', sql<Date>`now()`)
      .returning('userId')
      .executeTakeFirst();
    if (row) await recordEvent(trx, { kind: 'email-confirmed', userId: row.userId, sessionId: null, client });
    return row !== undefined;
  });
}

/** Removes the address of a user. */
export async function removeAddress(db: Database, owner: Owner): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const removed = trx.deleteFrom('emailAddresses').where('userId', '=', owner.userId);
    if (await removed.returning('userId').executeTakeFirst())
      await recordEvent(trx, { kind: 'email-removed', ...owner });
  });
}

/** Forgets addresses that nobody has confirmed, and their links: all of them, or those whose links are too old. */
export async function forgetUnconfirmed(db: Database, which: 'all' | 'too old'): Promise<void> {
  const isDue = which === 'all' ? sql<boolean>`true` : sql<boolean>`token_expires_at < now()`;
  await db.deleteFrom('emailAddresses').where('confirmedAt', 'is', null).where(isDue).execute();
  await db
    .updateTable('emailAddresses')
    .set({ newAddress: null, ...NO_LINK })
    .where('newAddress', 'is not', null)
    .where(isDue)
    .execute();
}

const NEWEST = sql<string>`coalesce(new_address, address)`;
const NO_LINK = { tokenHash: null, tokenExpiresAt: null };
