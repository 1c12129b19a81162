import { sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import { hashToken, tokenOf } from '../tokens.js';
import { recordTopicEvent } from './topic-events.js';

/** The most invitations that a topic can have. */
export const MAX_INVITATIONS = 2_000;

/** A person to invite. */
export interface Invitee {
  /** 1 to 80 characters. */
  name: string;
  team: string | null;
}

/** An invitation in the list of the organisers. */
export interface Invitation extends Invitee {
  id: number;
  /** The tag of the things that they see; null for all things. */
  track: string | null;
  /** Whether somebody has joined by its newest link. */
  hasJoined: boolean;
  isRevoked: boolean;
  /** How many votes its voter has in the topic, skips included. */
  votes: number;
  /** When they voted last; null before their first vote. */
  lastVoteAt: Date | null;
  tokenHash: string;
}

/** The token of a personal link. */
export const invitationTokenOf = (seed: string, id: number): string => tokenOf(seed, `invitation ${id}`);

/** What an organiser does with invitations. */
interface InvitationAct {
  topicId: number;
  userId: number;
}

/**
 * Reads people to invite: one a line, a name, or a name and a team with a comma between them. Empty lines are left out.
 * @returns the people, or what is wrong with a line
 */
export function readInvitees(text: string): { invitees: Invitee[] } | { error: string } {
  const invitees: Invitee[] = [];
  for (const [index, line] of text.split(/\r\n?|\n/).entries()) {
    if (line.trim() === '') continue;
    const [name = '', team = ''] = line
      .normalize('NFC')
      .split(/,(.*)/s)
      .map((part) => part.trim());
    const problem = problemOf('name', name) ?? (team && problemOf('team', team));
    if (problem) return { error: `Line ${index + 1}: ${problem}` };
    invitees.push({ name, team: team || null });
  }
  if (invitees.length === 0) return { error: 'Write at least one name.' };
  return { invitees };
}

function problemOf(field: string, text: string): string | undefined {
  const length = [...text].length;
  if (length === 0) return `the ${field} is missing.`;
  if (length > 80) return `the ${field} has more than 80 characters.`;
  return /\p{Cc}/u.test(text) ? `the ${field} has characters that can’t be shown.` : undefined;
}

/** Lists the invitations of a topic by name. */
export async function listInvitations(db: Database, topicId: number): Promise<Invitation[]> {
  const { rows } = await sql<Invitation>`
    select id, name, team, track, joined_at is not null as has_joined, revoked_at is not null as is_revoked, token_hash,
      coalesce(own.votes, 0) as votes, last_vote_at
    from invitations left join lateral (
      select count(*)::int as votes, max(votes.created_at) as last_vote_at from votes
      where votes.voter_id = invitations.voter_id and votes.topic_id = invitations.topic_id and withdrawn_at is null
    ) as own on true
    where topic_id = ${topicId} order by lower(name), id`.execute(db);
  return rows;
}

/**
 * Invites people. Their tokens come from the seed.
 * @param act `track` is the tag of the things that they see; null for all things
 * @returns false when the topic would have more than `MAX_INVITATIONS`
 */
export async function invite(
  trx: Transaction,
  {
    topicId,
    userId,
    invitees,
    track = null,
    seed,
  }: InvitationAct & { invitees: Invitee[]; track?: string | null; seed: string },
): Promise<boolean> {
  await trx.selectFrom('topics').where('id', '=', topicId).select('id').forNoKeyUpdate().execute();
  const { rows } = await sql<{ known: number; ids: number[] }>`
    select (select count(*) from invitations where topic_id = ${topicId})::int as known,
      array(select nextval(pg_get_serial_sequence('invitations', 'id'))
        from generate_series(1, ${invitees.length}))::float8[] as ids`.execute(trx);
  const { known = 0, ids = [] } = rows[0] ?? {};
  if (known + invitees.length > MAX_INVITATIONS) return false;
  await sql`
    insert into invitations (id, topic_id, name, team, token_hash, track) overriding system value
    select id, ${topicId}::bigint, name, team, hash, ${track}::text from unnest(${ids}::bigint[],
      ${invitees.map(({ name }) => name)}::text[], ${invitees.map(({ team }) => team)}::text[],
      ${ids.map((id) => hashToken(invitationTokenOf(seed, id)))}::text[]) as given (id, name, team, hash)`.execute(
    trx,
  );
  const details = { count: invitees.length };
  await recordTopicEvent(trx, { topicId, userId, kind: 'voters invited', details });
  return true;
}

/**
 * Makes a new link for an invitation. The old one is worth nothing, and who joined by it has to join again.
 * @returns whether the topic has that invitation
 */
export async function renewInvitation(
  trx: Transaction,
  { topicId, userId, id, seed }: InvitationAct & { id: number; seed: string },
): Promise<boolean> {
  const row = await trx
    .updateTable('invitations')
    .set({ tokenHash: hashToken(invitationTokenOf(seed, id)), joinedAt: null, revokedAt: null })
    .where('id', '=', id)
    .where('topicId', '=', topicId)
    .returning('name')
    .executeTakeFirst();
  if (!row) return false;
  await recordTopicEvent(trx, { topicId, userId, kind: 'new personal link', details: { name: row.name } });
  return true;
}

/** Makes new links for all invitations of a topic that nobody has joined by and that stand. */
export async function renewUnusedInvitations(
  trx: Transaction,
  { topicId, userId, seed }: InvitationAct & { seed: string },
): Promise<void> {
  const waiting = await trx
    .selectFrom('invitations')
    .where('topicId', '=', topicId)
    .where('joinedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .select('id')
    .forUpdate()
    .execute();
  const hashes = waiting.map(({ id }) => hashToken(invitationTokenOf(seed, id)));
  await sql`
    update invitations set token_hash = hash
    from unnest(${waiting.map(({ id }) => id)}::bigint[], ${hashes}::text[]) as fresh (invitation, hash)
    where id = invitation`.execute(trx);
  const details = { count: waiting.length };
  await recordTopicEvent(trx, { topicId, userId, kind: 'new personal links', details });
}

/**
 * Revokes an invitation. Its votes stay, and it gets no more.
 * @returns whether the topic has that invitation
 */
export async function revokeInvitation(
  trx: Transaction,
  { topicId, userId, id }: InvitationAct & { id: number },
): Promise<boolean> {
  const row = await trx
    .updateTable('invitations')
    .set(({ fn, ref }) => ({ revokedAt: fn.coalesce(ref('revokedAt'), sql<Date>`now()`) }))
    .where('id', '=', id)
    .where('topicId', '=', topicId)
    .returning('name')
    .executeTakeFirst();
  if (!row) return false;
  await recordTopicEvent(trx, { topicId, userId, kind: 'voter uninvited', details: { name: row.name } });
  return true;
}
