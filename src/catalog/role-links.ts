import { type Selectable, sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import type { RoleLinksTable, TopicRole } from '../schema.js';
import { hashToken, tokenOf } from '../tokens.js';
import { recordTopicEvent } from './topic-events.js';
import { ROLES, setRole } from './topic-roles.js';

/** How long a link that gives a role can be used, in days. */
export const ROLE_LINK_DAYS = 7;

/** A link that gives a role, before it is used. */
export interface RoleLink
  extends Pick<Selectable<RoleLinksTable>, 'id' | 'role' | 'expiresAt' | 'tokenHash'> {
  topicId: number;
  slug: string;
  title: string;
  /** The name of the person who made it; null when that account is closed. */
  madeBy: string | null;
}

/** The token of a link that gives a role. */
export const roleTokenOf = (seed: string, id: number): string => tokenOf(seed, `role ${id}`);

/** Makes a link that gives a role, once. Its token comes from the seed. */
export async function createRoleLink(
  trx: Transaction,
  { topicId, userId, role, seed }: { topicId: number; userId: number; role: TopicRole; seed: string },
): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select nextval(pg_get_serial_sequence('role_links', 'id')) as id`.execute(trx);
  const id = Number(rows[0]?.id);
  await sql`
    insert into role_links (id, topic_id, role, token_hash, created_by, expires_at) overriding system value
    values (${id}, ${topicId}, ${role}, ${hashToken(roleTokenOf(seed, id))}, ${userId},
      now() + ${`${ROLE_LINK_DAYS} days`}::interval)`.execute(trx);
  await recordTopicEvent(trx, { topicId, userId, kind: 'role link made', details: { role } });
}

/** Lists the links of a topic that can still be used, newest first. */
export async function listRoleLinks(db: Database, topicId: number): Promise<RoleLink[]> {
  const { rows } = await sql<RoleLink>`
    ${openLinks} and role_links.topic_id = ${topicId} order by role_links.id desc`.execute(db);
  return rows;
}

/** Finds the link with a token; undefined when it was used, has expired or was turned off. */
export async function findRoleLink(db: Database, token: string): Promise<RoleLink | undefined> {
  const { rows } = await sql<RoleLink>`${openLinks} and token_hash = ${hashToken(token)}`.execute(db);
  return rows[0];
}

/** Turns a link off. */
export async function revokeRoleLink(
  trx: Transaction,
  { topicId, userId, id }: { topicId: number; userId: number; id: number },
): Promise<void> {
  const { numAffectedRows } = await sql`
    update role_links set revoked_at = now()
    where id = ${id} and topic_id = ${topicId} and used_at is null and revoked_at is null`.execute(trx);
  if (numAffectedRows) await recordTopicEvent(trx, { topicId, userId, kind: 'role link turned off' });
}

/**
 * Uses a link: its role becomes that of the user. Somebody who has a role that allows more keeps it, and the link stays.
 * @returns the link; undefined when it can't be used
 */
export async function takeRoleLink(
  trx: Transaction,
  { token, userId }: { token: string; userId: number },
): Promise<RoleLink | undefined> {
  await sql`select from role_links where token_hash = ${hashToken(token)} for update`.execute(trx);
  const link = await findRoleLink(trx, token);
  if (!link) return undefined;
  const { topicId, role } = link;
  const own = await trx
    .selectFrom('topicRoles')
    .where('topicId', '=', topicId)
    .where('userId', '=', userId)
    .select('role')
    .executeTakeFirst();
  if (own && ROLES.indexOf(own.role) <= ROLES.indexOf(role)) return link;
  await sql`update role_links set used_at = now() where id = ${link.id}`.execute(trx);
  await setRole(trx, { topicId, userId, role });
  await recordTopicEvent(trx, { topicId, userId, kind: 'role taken', details: { role } });
  return link;
}

const openLinks = sql`
  select role_links.id, role_links.role, role_links.expires_at, token_hash, topic_id, slug, title, username as made_by
  from role_links join topics on topics.id = topic_id left join users on users.id = created_by
  where used_at is null and revoked_at is null and expires_at > now() and deleted_at is null`;
