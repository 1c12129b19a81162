import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';

/** How many open links a user can have at a time. */
export const MAX_SHARES = 30;

/** A Top to publish, as it is now. */
interface NewShare {
  userId: number;
  topicId: number;
  /** The ids of its things, strongest first. */
  thingIds: number[];
  /** Whether it shows the user's name. */
  isNamed: boolean;
  /** How many answers the list is made from. */
  votes: number;
}

/** An open link, as its owner sees it. */
export interface OwnShare {
  token: string;
  topic: string;
  size: number;
  isNamed: boolean;
  createdAt: Date;
}

/** What a link shows: a user's Top as it was at its creation. */
export interface Share {
  token: string;
  userId: number;
  /** The name of its owner; undefined when the owner hides it. */
  name: string | undefined;
  topicId: number;
  topic: string;
  votes: number;
  createdAt: Date;
  /** Strongest first. A thing that was taken down since has no name and no picture. */
  things: { rank: number; id: number; path: string; name: string | undefined; picture: string | null }[];
}

/**
 * Publishes a Top as it is now. Later votes do not change it.
 * @returns the link's token, 128 random bits; undefined when the user has `MAX_SHARES` open links already
 */
export async function createShare(db: Database, share: NewShare): Promise<string | undefined> {
  const token = randomBytes(16).toString('base64url');
  const { userId, topicId, thingIds, isNamed, votes } = share;
  const { rows } = await sql`
    with share as (
      insert into shares (token, user_id, topic_id, is_named, votes)
      select ${token}, ${userId}::bigint, ${topicId}::bigint, ${isNamed}::boolean, ${votes}::int
      where (select count(*) from shares where user_id = ${userId} and ended_at is null) < ${MAX_SHARES}
      returning id, topic_id)
    insert into shared_things (share_id, topic_id, rank, thing_id)
    select share.id, topic_id, rank, thing_id
    from share, unnest(${thingIds}::bigint[]) with ordinality as chosen (thing_id, rank)
    returning rank`.execute(db);
  return rows.length > 0 ? token : undefined;
}

/** Lists a user's open links, newest first. */
export async function sharesOf(db: Database, userId: number): Promise<OwnShare[]> {
  const { rows } = await sql<OwnShare>`
    select token, title as topic, is_named, shares.created_at,
      (select count(*) from shared_things where share_id = shares.id) as size
    from shares join topics on topics.id = topic_id
    where user_id = ${userId} and ended_at is null order by shares.id desc`.execute(db);
  return rows;
}

/**
 * Ends one of a user's links for good. What it showed is deleted. The link itself stays in the database, so
 * that visitors read that it has ended.
 * @returns whether the link belongs to the user
 */
export async function endShare(db: Database, userId: number, token: string): Promise<boolean> {
  if (!isToken(token)) return false;
  return db.transaction().execute(async (trx) => {
    const ended = await trx
      .updateTable('shares')
      .set({ endedAt: sql`coalesce(ended_at, now())` })
      .where('userId', '=', userId)
      .where('token', '=', token)
      .returning('id')
      .executeTakeFirst();
    if (!ended) return false;
    await trx.deleteFrom('sharedThings').where('shareId', '=', ended.id).execute();
    return true;
  });
}

/**
 * Finds what a link shows now.
 * @returns 'ended' when its owner ended it or is disabled, or its topic is no longer public; undefined when there never was such a link, or the
 * account of its owner is closed
 */
export async function findShare(db: Database, token: string): Promise<Share | 'ended' | undefined> {
  if (!isToken(token)) return undefined;
  const { rows } = await sql<Omit<Share, 'name'> & { name: string | null; isEnded: boolean }>`
    select token, user_id, case when is_named then username end as name, shares.topic_id, title as topic, votes,
      shares.created_at, ended_at is not null or disabled_at is not null or access <> 'public' or deleted_at is not null
        or hidden_at is not null as is_ended,
      (select coalesce(json_agg(json_build_object('rank', rank, 'id', things.id,
          'name', case when retired_at is null then things.name end,
          'picture', case when retired_at is null then picture end) order by rank), '[]')
       from shared_things join things on things.id = thing_id where share_id = shares.id) as things
    from shares join users on users.id = user_id join topics on topics.id = shares.topic_id
    where token = ${token}`.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const { isEnded, ...share } = row;
  if (isEnded) return 'ended';
  const things = share.things.map((thing) => ({
    ...thing,
    path: `/things/${thing.id}`,
    name: thing.name ?? undefined,
  }));
  return { ...share, name: share.name ?? undefined, things };
}

const isToken = (text: string): boolean => /^[\w-]{22}$/.test(text);
