import { sql } from 'kysely';
import type { Database } from '../database.js';
import { byStrength, type Rating } from './rating.js';

/** A thing as the ranker works on it. */
export interface Rated extends Rating {
  id: number;
  rank: number | undefined;
  /** Has a row in `ratings`. */
  kept: boolean;
  /** Taken down: rated by the votes that were cast on it, but ranked no more. */
  retired: boolean;
}

/** A topic's things by their ids. */
export type Topic = Map<number, Rated>;

/** Reads a topic's things with their ratings as they are kept; those without votes stand at the average. */
export async function readRatings(trx: Database, topicId: number): Promise<Topic> {
  const { rows } = await sql<Omit<Rated, 'rank'> & { rank: number | null }>`
    select things.id, coalesce(mean, 0) as mean, coalesce(variance, 1) as variance, coalesce(wins, 0) as wins,
      coalesce(losses, 0) as losses, coalesce(ties, 0) as ties, rank, thing_id is not null as kept,
      retired_at is not null as retired
    from things left join ratings on thing_id = things.id
    where things.topic_id = ${topicId}`.execute(trx);
  return new Map(rows.map((row) => [row.id, { ...row, rank: row.rank ?? undefined }]));
}

/**
 * Writes the ratings that moved, and their history; also of things whose place changed because others moved, so
 * that a row's rank is never old.
 */
export async function writeRatings(
  trx: Database,
  topicId: number,
  topic: Topic,
  touched: Rated[],
): Promise<void> {
  const changed = new Set(touched);
  const order = [...topic.values()].filter((thing) => !thing.retired).sort(byStrength);
  for (const thing of topic.values()) if (thing.retired) thing.rank = undefined;
  for (const [index, thing] of order.entries()) {
    if (thing.rank !== index + 1 && thing.kept) changed.add(thing);
    thing.rank = index + 1;
  }
  const rows = [...changed].sort((one, other) => one.id - other.id);
  if (rows.length === 0) return;
  const column = <Value>(read: (thing: Rated) => Value): Value[] => rows.map(read);
  await sql`
    with moved as (
      insert into ratings (topic_id, thing_id, mean, variance, wins, losses, ties, rank)
      select ${topicId}::bigint, * from unnest(
        ${column((thing) => thing.id)}::bigint[], ${column((thing) => thing.mean)}::float8[],
        ${column((thing) => thing.variance)}::float8[], ${column((thing) => thing.wins)}::int[],
        ${column((thing) => thing.losses)}::int[], ${column((thing) => thing.ties)}::int[],
        ${column((thing) => thing.rank ?? null)}::int[])
      on conflict (thing_id) do update set mean = excluded.mean, variance = excluded.variance,
        wins = excluded.wins, losses = excluded.losses, ties = excluded.ties, rank = excluded.rank
      returning thing_id, mean, variance, rank)
    insert into rating_history (thing_id, at, mean, variance, rank)
    select thing_id, date_trunc('hour', now()), mean, variance, rank from moved where rank is not null
    on conflict (thing_id, at) do update
      set mean = excluded.mean, variance = excluded.variance, rank = excluded.rank`.execute(trx);
  for (const thing of rows) thing.kept = true;
}

/** Forgets the ratings of the things in a topic that no standing vote is about any more. */
export async function dropRatings(trx: Database, topicId: number, kept: Rated[]): Promise<void> {
  const ids = kept.map((thing) => thing.id);
  await sql`
    delete from ratings where topic_id = ${topicId} and thing_id <> all (${ids}::bigint[])`.execute(trx);
}

/**
 * Tells every process that a topic's board has moved.
 * @param stale whether its ratings still rest on votes that were withdrawn; left as it is when not given
 */
export async function moveBoard(
  trx: Database,
  topicId: number,
  { stale }: { stale?: boolean } = {},
): Promise<void> {
  const staleSince =
    stale === undefined ? sql`stale_since` : stale ? sql`coalesce(stale_since, now())` : sql`null`;
  await sql`
    update boards set version = version + 1, stale_since = ${staleSince}
    where topic_id = ${topicId}`.execute(trx);
}
