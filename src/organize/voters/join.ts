import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { hashToken } from '../../tokens.js';
import { moveVotes, takeBackAgain } from '../../voting/take-over.js';
import { hasOwnWorkSql } from '../../voting/takes-votes.js';

/** A place in a topic, as the page of its personal link shows it. */
export interface Place {
  id: number;
  topicId: number;
  slug: string;
  title: string;
  question: string;
  /** The name of the invited person. */
  name: string;
  team: string | null;
  /** The owners of the topic by name. */
  owners: string[];
}

/**
 * Finds the place of a personal link; undefined when there is none, or it was revoked or got a new link, or an admin has
 * hidden the topic.
 */
export async function findPlace(db: Database, token: string): Promise<Place | undefined> {
  const { rows } = await sql<Place>`
    select invitations.id, topic_id, slug, title, question, name, team, array(
      select username from topic_roles as own join users on users.id = user_id
      where own.topic_id = topics.id and own.role = 'owner' order by own.created_at) as owners
    from invitations join topics on topics.id = topic_id
    where token_hash = ${hashToken(token)} and revoked_at is null and deleted_at is null and hidden_at is null`.execute(
    db,
  );
  return rows[0];
}

/** Who opens a personal link: a member, or somebody who is a guest already, or neither. */
export interface Joiner {
  memberId: number | undefined;
  guestId: number | undefined;
  /** The group of a new voter, who is a network of one. */
  networkGroup: string;
}

/** What became of joining: the voter of the place, or that the place belongs to another account. */
type Joined = { place: Place; voterId: number } | 'of another account';

/**
 * Joins a topic by a personal link. A place has one voter. A member joins as themselves, everybody else as an invited
 * voter, who is the same on each device that opens the link. When the voter of a place changes, the earlier one's votes
 * become those of the new one, so that each counts once.
 * @returns undefined when the link is worth nothing
 */
export async function joinByLink(db: Database, token: string, joiner: Joiner): Promise<Joined | undefined> {
  let takenBack: string[] = [];
  const joined = await db.transaction().execute(async (trx): Promise<Joined | undefined> => {
    await sql`select from invitations where token_hash = ${hashToken(token)} for update`.execute(trx);
    const place = await findPlace(trx, token);
    if (!place) return undefined;
    const holder = await readHolder(trx, place.id);
    if (holder?.kind === 'member' && holder.isCurrent && holder.id !== joiner.memberId)
      return 'of another account';
    const voterId = joiner.memberId ?? (await findAnonymous(trx, holder, joiner));
    if (await hasOtherPlace(trx, place, voterId)) return { place, voterId };
    if (holder && holder.id !== voterId) takenBack = await leave(trx, holder, { place, voterId });
    // A place of the same voter that is worth nothing any more.
    await sql`
      update invitations set voter_id = null, joined_at = null
      where topic_id = ${place.topicId} and voter_id = ${voterId} and id <> ${place.id}`.execute(trx);
    await sql`
      update invitations set voter_id = ${voterId}, joined_at = coalesce(joined_at, now()) where id = ${place.id}`.execute(
      trx,
    );
    await sql`update voters set kind = 'invited' where id = ${voterId} and kind = 'guest'`.execute(trx);
    return { place, voterId };
  });
  if (typeof joined === 'object') {
    await takeBackAgain(db, joined.voterId, takenBack);
    await withdrawOwnWork(db, joined.voterId, joined.place.topicId);
  }
  return joined;
}

/** What somebody voted on their team's things before they joined does not count. */
async function withdrawOwnWork(db: Database, voterId: number, topicId: number): Promise<void> {
  await sql`
    update votes set withdrawn_at = now()
    where voter_id = ${voterId} and topic_id = ${topicId} and withdrawn_at is null
      and ${sql.raw(hasOwnWorkSql({ voter: 'votes.voter_id', things: 'left_id, right_id' }))}`.execute(db);
}

/** The voter of a place so far, and whether they joined by its newest link. */
interface Holder {
  id: number;
  kind: string;
  isCurrent: boolean;
}

async function readHolder(trx: Transaction, id: number): Promise<Holder | undefined> {
  return trx
    .selectFrom('invitations')
    .innerJoin('voters', 'voters.id', 'voterId')
    .where('invitations.id', '=', id)
    .select(({ eb }) => [
      'voters.id',
      'kind',
      eb('joinedAt', 'is not', null).$castTo<boolean>().as('isCurrent'),
    ])
    .executeTakeFirst();
}

async function findAnonymous(
  trx: Transaction,
  holder: Holder | undefined,
  { guestId, networkGroup }: Joiner,
): Promise<number> {
  const isAnonymous = holder?.kind === 'invited' || holder?.kind === 'guest';
  if (holder?.isCurrent && isAnonymous) return holder.id;
  // After a new link, the devices that had the old one start as somebody new.
  if (guestId !== undefined && guestId !== holder?.id) return guestId;
  const { id } = await trx
    .insertInto('voters')
    .values({ kind: 'invited', networkGroup })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function hasOtherPlace(trx: Transaction, { id, topicId }: Place, voterId: number): Promise<boolean> {
  const { rows } = await sql`
    select from invitations where topic_id = ${topicId} and voter_id = ${voterId} and id <> ${id}
      and joined_at is not null and revoked_at is null`.execute(trx);
  return rows.length > 0;
}

/**
 * The earlier voter of a place gives it up. A member's answers are their own, so they are only withdrawn.
 * @returns the ballots for `takeBackAgain`
 */
async function leave(
  trx: Transaction,
  holder: Holder,
  { place: { topicId }, voterId }: { place: Place; voterId: number },
): Promise<string[]> {
  if (holder.kind !== 'member')
    return (await moveVotes(trx, { from: holder.id, to: voterId, topicId })).takenBack;
  await sql`
    update votes set withdrawn_at = now()
    where voter_id = ${holder.id} and topic_id = ${topicId} and withdrawn_at is null`.execute(trx);
  return [];
}
