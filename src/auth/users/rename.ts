import { sql } from 'kysely';
import { type Database, violatesConstraint } from '../../database.js';
import { normalForm } from '../../normal-form.js';
import { recordEvent } from '../audit/record-event.js';
import type { Client } from '../sessions/client.js';
import { lockUser } from '../sessions/sessions.js';
import { usernameSkeleton } from './skeletons.js';
import { checkUsername, usernameKey } from './usernames.js';

/** How many former names are kept for a person at a time, so that nobody reserves many. */
const MAX_KEPT = 5;

/** A name that a person had, and until when nobody else can take it. */
export interface FormerName {
  username: string;
  keptUntil: Date;
}

/** Lists the names that are kept for a person, the newest first. */
export function listFormerNames(db: Database, userId: number): Promise<FormerName[]> {
  return db
    .selectFrom('formerNames')
    .where('userId', '=', userId)
    .where('keptUntil', '>', sql<Date>`now()`)
    .select(['username', 'keptUntil'])
    .orderBy('keptUntil', 'desc')
    .execute();
}

/**
 * Gives a person another name, and keeps the old one for them for a year. Their sessions go on.
 * @returns what is wrong with the name; undefined when it is changed
 */
export async function renameUser(
  db: Database,
  userId: number,
  { username, sessionId, client }: { username: string; sessionId: number; client: Client },
): Promise<string | undefined> {
  const name = normalForm(username, 'NFKC').trim();
  const error = checkUsername(name);
  if (error) return error;
  try {
    return await db.transaction().execute(async (trx) => {
      await lockUser(trx, userId);
      const before = await trx
        .selectFrom('users')
        .where('id', '=', userId)
        .select(['username', 'usernameKey', 'nameSkeleton'])
        .executeTakeFirstOrThrow();
      if (before.username === name) return 'This is your name already.';
      const now = { usernameKey: usernameKey(name), nameSkeleton: usernameSkeleton(name) };
      const kept = await listFormerNames(trx, userId);
      const isTakenBack = kept.some((former) => usernameKey(former.username) === now.usernameKey);
      if (kept.length >= MAX_KEPT && !isTakenBack)
        return `We keep your last ${MAX_KEPT} names for you. Take one of them back, or wait until one is free.`;
      await trx
        .updateTable('users')
        .set({ username: name, ...now })
        .where('id', '=', userId)
        .execute();
      await trx
        .deleteFrom('formerNames')
        .where('userId', '=', userId)
        .where('usernameKey', '=', now.usernameKey)
        .execute();
      if (before.usernameKey !== now.usernameKey) {
        const row = { ...before, userId, keptUntil: sql<Date>`now() + interval '1 year'` };
        await trx
          .insertInto('formerNames')
          .values(row)
          .onConflict((conflict) => conflict.column('usernameKey').doUpdateSet(row))
          .execute();
      }
      await recordEvent(trx, { kind: 'renamed', userId, sessionId, client });
      return undefined;
    });
  } catch (error) {
    const taken = nameConflict(error, name);
    if (taken) return taken;
    throw error;
  }
}

/** Says that a name can't be had because of somebody else; undefined for any other error. */
export function nameConflict(error: unknown, name: string): string | undefined {
  if (violatesConstraint(error, 'users_username_key_key')) return `“${name}” is taken. Choose another name.`;
  if (violatesConstraint(error, 'users_name_skeleton_key'))
    return 'This name looks like one that is taken. Try another.';
  if (violatesConstraint(error, 'users_kept_name'))
    return `“${name}” was somebody’s name lately. Choose another name.`;
  return undefined;
}
