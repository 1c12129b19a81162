import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { Database } from '../../database.js';

/** Links that one person may have open at a time. */
export const MOST_SHARES = 30;

/** What a person publishes: their Top of a topic as it is now, strongest first. */
export interface NewShare {
  userId: number;
  topicId: number;
  thingIds: number[];
  /** Whether it says whose it is. */
  isNamed: boolean;
  /** The answers their list rests on. */
  votes: number;
}

/** One of a person's open links. */
export interface OwnShare {
  token: string;
  topic: string;
  size: number;
  isNamed: boolean;
  createdAt: Date;
}

/** What a link shows: who chose what, and when that was. */
export interface Share {
  token: string;
  userId: number;
  /** Whose it is; undefined when they did not want to say. */
  name: string | undefined;
  topicId: number;
  topic: string;
  votes: number;
  createdAt: Date;
  /** Strongest first; nothing of a thing that was taken down since. */
  things: { rank: number; id: number; name: string | undefined; picture: string | null }[];
}

/**
 * Publishes a Top as it stands, frozen: the order is kept, and later votes don't change it.
 * @returns the link's token, 128 random bits; undefined when the person has as many links as one may have
 */
export async function publish(db: Database, share: NewShare): Promise<string | undefined> {
  const token = randomBytes(16).toString('base64url');
  const { userId, topicId, thingIds, isNamed, votes } = share;
  const { rows } = await sql`
    with share as (
      insert into shares (token, user_id, topic_id, is_named, votes)
      select ${token}, ${userId}::bigint, ${topicId}::bigint, ${isNamed}::boolean, ${votes}::int
      where (select count(*) from shares where user_id = ${userId} and ended_at is null) < ${MOST_SHARES}
      returning id, topic_id)
    insert into shared_things (share_id, topic_id, rank, thing_id)
    select share.id, topic_id, rank, thing_id
    from share, unnest(${thingIds}::bigint[]) with ordinality as chosen (thing_id, rank)
    returning rank`.execute(db);
  return rows.length > 0 ? token : undefined;
}

/** A person's open links, newest first. */
export async function sharesOf(db: Database, userId: number): Promise<OwnShare[]> {
  const { rows } = await sql<OwnShare>`
    select token, title as topic, is_named, shares.created_at,
      (select count(*) from shared_things where share_id = shares.id) as size
    from shares join topics on topics.id = topic_id
    where user_id = ${userId} and ended_at is null order by shares.id desc`.execute(db);
  return rows;
}

/**
 * Ends one of a person's links for good: what it showed is deleted, and only that there was a link is kept, so that
 * whoever opens it reads that it was ended. @returns whether it is theirs
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
 * What a link shows now.
 * @returns 'ended' when its owner ended it or may no longer log in; undefined when there never was such a link, or
 * the account it was of is closed
 */
export async function findShare(db: Database, token: string): Promise<Share | 'ended' | undefined> {
  if (!isToken(token)) return undefined;
  const { rows } = await sql<Omit<Share, 'name'> & { name: string | null; isOver: boolean }>`
    select token, user_id, case when is_named then username end as name, shares.topic_id, title as topic, votes,
      shares.created_at, ended_at is not null or disabled_at is not null as is_over,
      (select coalesce(json_agg(json_build_object('rank', rank, 'id', things.id,
          'name', case when retired_at is null then things.name end,
          'picture', case when retired_at is null then picture end) order by rank), '[]')
       from shared_things join things on things.id = thing_id where share_id = shares.id) as things
    from shares join users on users.id = user_id join topics on topics.id = shares.topic_id
    where token = ${token}`.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const { isOver, ...share } = row;
  if (isOver) return 'ended';
  const things = share.things.map((thing) => ({ ...thing, name: thing.name ?? undefined }));
  return { ...share, name: share.name ?? undefined, things };
}

const isToken = (text: string): boolean => /^[\w-]{22}$/.test(text);
