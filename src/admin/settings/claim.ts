import { sql } from 'kysely';
import { recordEvent } from '../../auth/audit/record-event.js';
import type { Database, Transaction } from '../../database.js';
import { hashToken, newSeed } from '../../tokens.js';
import { type AdminActor, recordAct } from '../record-act.js';

/**
 * Makes the link with which somebody becomes the first admin. It replaces the one of the start before, works once, and
 * for 24 hours.
 * @returns the token of the link; undefined when the site has an admin
 */
export async function makeClaim(db: Database): Promise<string | undefined> {
  const token = newSeed();
  const { rows } = await sql`
    update site_settings set claim_hash = ${hashToken(token)}, claim_expires_at = now() + interval '24 hours'
    where not exists (select from users where role = 'admin') returning 1`.execute(db);
  return rows.length > 0 ? token : undefined;
}

/** Whether the link with this token makes somebody the first admin. */
export async function isClaim(db: Database, token: string): Promise<boolean> {
  const { rows } = await sql`
    select from site_settings where claim_hash = ${hashToken(token)} and claim_expires_at > now()
      and not exists (select from users where role = 'admin')`.execute(db);
  return rows.length > 0;
}

/** Makes the user the first admin, and uses the link up. @returns false when the link is worth nothing */
export async function claimSite(trx: Transaction, actor: AdminActor, token: string): Promise<boolean> {
  // Two people with the link come one after the other.
  await sql`select from site_settings for update`.execute(trx);
  if (!(await isClaim(trx, token))) return false;
  await sql`update site_settings set claim_hash = null, claim_expires_at = null`.execute(trx);
  const userId = actor.userId;
  await trx.updateTable('users').set({ role: 'admin' }).where('id', '=', userId).execute();
  await recordEvent(trx, { kind: 'promoted', userId, sessionId: null });
  await recordAct(trx, actor, { kind: 'admin-claimed', about: `person ${userId}` });
  return true;
}
