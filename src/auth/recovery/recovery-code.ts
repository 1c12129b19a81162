import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from '../sessions/client.js';

// Crockford's Base32: without I, L, O and U, which look like other characters.
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 28 characters with 5 random bits each: 140 bits. */
const [GROUPS, GROUP_LENGTH] = [7, 4];

/** Makes the recovery code of a user, and ends the one before it. @returns the code, such as `7K3M-…-9QXT` */
export async function makeRecoveryCode(db: Database, userId: number): Promise<string> {
  const code = randomCode();
  const row = { codeHash: hashCode(code), createdAt: sql<Date>`now()` };
  await db
    .insertInto('recoveryCodes')
    .values({ userId, ...row })
    .onConflict((conflict) => conflict.column('userId').doUpdateSet(row))
    .execute();
  return code;
}

/**
 * Makes a recovery code for a user who has none, and records that. Of several log-ins at once, one makes it.
 * @returns undefined when there is a code
 */
export async function makeMissingRecoveryCode(
  db: Database,
  { userId, client }: { userId: number; client: Client },
): Promise<string | undefined> {
  if (await findRecoveryCode(db, userId)) return undefined;
  return db.transaction().execute(async (trx) => {
    const code = randomCode();
    const made = await trx
      .insertInto('recoveryCodes')
      .values({ userId, codeHash: hashCode(code) })
      .onConflict((conflict) => conflict.column('userId').doNothing())
      .returning('userId')
      .executeTakeFirst();
    if (!made) return undefined;
    await recordEvent(trx, { kind: 'recovery-code', userId, sessionId: null, client });
    return code;
  });
}

/** Makes a new recovery code for a user who asked for it, and records that. @returns the code */
export async function renewRecoveryCode(
  db: Database,
  { userId, sessionId, client }: { userId: number; sessionId: number; client: Client },
): Promise<string> {
  return db.transaction().execute(async (trx) => {
    const code = await makeRecoveryCode(trx, userId);
    await recordEvent(trx, { kind: 'recovery-code', userId, sessionId, client });
    return code;
  });
}

/** When a user's recovery code was made, and its hash; undefined when there is none. */
export function findRecoveryCode(
  db: Database,
  userId: number,
): Promise<{ codeHash: string; createdAt: Date } | undefined> {
  return db
    .selectFrom('recoveryCodes')
    .where('userId', '=', userId)
    .select(['codeHash', 'createdAt'])
    .executeTakeFirst();
}

/** Whether a text is the code with this hash. Case, spaces and hyphens don't matter. */
export function isRecoveryCode(text: string, codeHash: string | null | undefined): boolean {
  const hash = Buffer.from(hashCode(text), 'hex');
  return timingSafeEqual(hash, Buffer.from(codeHash ?? '0'.repeat(64), 'hex'));
}

function randomCode(): string {
  const group = () => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(32)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

// Nobody can try 2^140 codes, so a quick hash is enough.
function hashCode(text: string): string {
  const plain = text
    .slice(0, 100)
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replace(/[IL]/g, '1');
  return createHash('sha256').update(`thinga recovery code\n${plain}`).digest('hex');
}
