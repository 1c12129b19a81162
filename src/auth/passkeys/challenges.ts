import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';

/**
 * What a challenge is for: to log in, or, on one session, to confirm who is there or to add a passkey. An answer to
 * one is no answer to another.
 */
export type Scope = 'log-in' | `confirm ${number}` | `add ${number}`;

/** Minutes in which a challenge can be answered. */
export const CHALLENGE_MINUTES = 10;

/** Remembers a challenge that was sent to a browser. */
export async function rememberChallenge(db: Database, challenge: string, scope: Scope): Promise<void> {
  const expiresAt = sql<Date>`now() + make_interval(mins => ${CHALLENGE_MINUTES})`;
  await db
    .insertInto('passkeyChallenges')
    .values({ challengeHash: hashOf(challenge), scope, expiresAt })
    .execute();
}

/** Uses up a challenge. @returns whether it was open, and for this scope */
export async function useChallenge(db: Database, challenge: string, scope: Scope): Promise<boolean> {
  const row = await db
    .deleteFrom('passkeyChallenges')
    .where('challengeHash', '=', hashOf(challenge))
    .returning(['scope', sql<boolean>`expires_at > now()`.as('isOpen')])
    .executeTakeFirst();
  return row?.isOpen === true && row.scope === scope;
}

/** Deletes challenges that nobody answered. */
export async function purgeChallenges(db: Database): Promise<void> {
  await db.deleteFrom('passkeyChallenges').where('expiresAt', '<', sql<Date>`now()`).execute();
}

const hashOf = (challenge: string): string => createHash('sha256').update(challenge).digest('hex');
