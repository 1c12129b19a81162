import { sql } from 'kysely';
import { INVITATION_DAYS, siteInvitationTokenOf } from '../../auth/users/site-invitations.js';
import type { Config } from '../../config.js';
import type { Database, Transaction } from '../../database.js';
import { count } from '../../http/format.js';
import { hashToken } from '../../tokens.js';
import { readLine } from '../admin-page.js';
import { type Actor, idOfActor, recordAct } from '../record-act.js';

/** An invitation to register, in the list of admins. */
export interface SiteInvitation {
  id: number;
  /** For whom it is, as the admin wrote it. */
  note: string | null;
  tokenHash: string;
  createdAt: Date;
  expiresAt: Date;
  state: 'open' | 'used' | 'revoked' | 'expired';
  /** Who registered with it. */
  usedBy: { id: number; username: string } | undefined;
}

/** The most invitations that are made at once. */
const MAX_AT_ONCE = 100;

/** Reads for whom invitations are, one a line, or what is wrong with a line. */
export function readNotes(text: string): { notes: string[] } | { error: string } {
  const lines = text.split(/\r\n?|\n/).filter((line) => line.trim() !== '');
  if (lines.length === 0) return { error: 'Write for whom it is.' };
  if (lines.length > MAX_AT_ONCE) return { error: `Write ${MAX_AT_ONCE} lines at most.` };
  const notes = lines.map((line) => readLine(line, 80));
  const wrong = notes.indexOf(undefined);
  if (wrong >= 0)
    return { error: `Line ${wrong + 1} has more than 80 characters, or some that can’t be shown.` };
  return { notes: notes.map((note) => note ?? '') };
}

/** Makes invitations. Their tokens come from the seed. @returns their ids, in the order of the notes */
export async function inviteToSite(
  trx: Transaction,
  actor: Actor,
  { notes, seed }: { notes: string[]; seed: string },
): Promise<number[]> {
  const { rows } = await sql<{ ids: number[] }>`
    select array(select nextval(pg_get_serial_sequence('site_invitations', 'id'))
      from generate_series(1, ${notes.length}))::float8[] as ids`.execute(trx);
  const ids = rows[0]?.ids ?? [];
  await sql`
    insert into site_invitations (id, note, token_hash, created_by, expires_at) overriding system value
    select id, note, hash, ${idOfActor(actor)}::bigint, now() + make_interval(days => ${INVITATION_DAYS})
    from unnest(${ids}::bigint[], ${notes}::text[],
      ${ids.map((id) => hashToken(siteInvitationTokenOf(seed, id)))}::text[]) as given (id, note, hash)`.execute(
    trx,
  );
  await recordAct(trx, actor, { kind: 'admin-invited', note: count(notes.length, 'invitation') });
  return ids;
}

/** The address with which one person registers. */
export const invitationUrlOf = ({ publicOrigin }: Pick<Config, 'publicOrigin'>, token: string): string =>
  `${publicOrigin}/register?invitation=${token}`;

/** Revokes an invitation that nobody has used. @returns whether there is one */
export async function revokeSiteInvitation(trx: Transaction, actor: Actor, id: number): Promise<boolean> {
  const row = await trx
    .updateTable('siteInvitations')
    .set({ revokedAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .returning('id')
    .executeTakeFirst();
  if (!row) return false;
  await recordAct(trx, actor, { kind: 'admin-uninvited', note: `invitation ${id}` });
  return true;
}

/** The newest invitations, 200 at most. */
export async function listSiteInvitations(db: Database): Promise<SiteInvitation[]> {
  const { rows } = await sql<
    Omit<SiteInvitation, 'usedBy'> & { userId: number | null; username: string | null }
  >`
    select site_invitations.id, note, token_hash, site_invitations.created_at, expires_at,
      case when used_at is not null then 'used' when revoked_at is not null then 'revoked'
        when expires_at <= now() then 'expired' else 'open' end as state,
      users.id as user_id, username
    from site_invitations left join users on users.id = used_by
    order by site_invitations.id desc limit 200`.execute(db);
  return rows.map(({ userId, username, ...invitation }) => ({
    ...invitation,
    usedBy: userId && username ? { id: userId, username } : undefined,
  }));
}
