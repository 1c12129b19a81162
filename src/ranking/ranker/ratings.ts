import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { applyVote, type Field } from '../math/online.js';
import type { CountedVote } from './ledger.js';

/** A topic's things as the ranker works on them: one element of each array a thing. */
export interface TopicRatings extends Field {
  /** The things' ids, in rising order. */
  ids: number[];
  /** Which element each id is. */
  indexes: Map<number, number>;
  wins: Int32Array;
  losses: Int32Array;
  ties: Int32Array;
  /** 1 for a thing that has a row in `ratings`. */
  kept: Uint8Array;
  /** 1 for a thing taken down: rated by the votes that were cast on it, but ranked no more. */
  retired: Uint8Array;
  /** How many votes the ratings rest on, skips left out. */
  votes: number;
  /** How many of them were fitted together the last time. */
  fitted: number;
}

/**
 * Reads a topic's things with their ratings as they are kept. Those without votes stand at the average, as unsure
 * as the topic's opinions lie apart.
 * @param trx reads some thousand things at a time: in the ranker's turn, or with a snapshot of its own, all of them
 * are as they were at one moment
 */
export async function readRatings(trx: Database, topicId: number): Promise<TopicRatings> {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, []])) as unknown as Record<
    Column,
    number[]
  >;
  for (let after = 0, rows = PAGE; rows === PAGE; after = columns.id.at(-1) ?? 0)
    rows = await readPage(trx, { topicId, after }, columns);
  const { id: ids, wins, losses, ties } = columns;
  return {
    ids,
    indexes: new Map(ids.map((id, index) => [id, index])),
    means: Float64Array.from(columns.mean),
    variances: Float64Array.from(columns.variance),
    wins: Int32Array.from(wins),
    losses: Int32Array.from(losses),
    ties: Int32Array.from(ties),
    kept: Uint8Array.from(columns.kept),
    retired: Uint8Array.from(columns.retired),
    votes: [...wins, ...losses, ...ties].reduce((sum, count) => sum + count, 0) / 2,
    fitted: columns.fitted[0] ?? 0,
  };
}

const PAGE = 5_000;

const COLUMNS = ['id', 'mean', 'variance', 'wins', 'losses', 'ties', 'kept', 'retired', 'fitted'] as const;

type Column = (typeof COLUMNS)[number];

/** @returns how many rows there were */
async function readPage(
  trx: Database,
  { topicId, after }: { topicId: number; after: number },
  columns: Record<Column, number[]>,
): Promise<number> {
  const { rows } = await sql<Record<Column, number>>`
    select things.id, coalesce(mean, 0) as mean, coalesce(variance, spread, 1) as variance,
      coalesce(wins, 0) as wins, coalesce(losses, 0) as losses, coalesce(ties, 0) as ties,
      (thing_id is not null)::int as kept, (retired_at is not null)::int as retired, coalesce(votes, 0) as fitted
    from things left join ratings on thing_id = things.id left join fits on fits.topic_id = things.topic_id
    where things.topic_id = ${topicId} and things.id > ${after}
    order by things.topic_id, things.id limit ${PAGE}`.execute(trx.withoutPlugins());
  for (const row of rows) for (const name of COLUMNS) columns[name].push(row[name]);
  return rows.length;
}

/** What a vote gives its left side: 1 when that was chosen, 0 when the other was, half for "about the same". */
export const scoreOf = ({ outcome }: Pick<CountedVote, 'outcome'>): number =>
  outcome === 'left' ? 1 : outcome === 'right' ? 0 : 0.5;

/**
 * Moves two things by one vote, and counts it; a skip moves nothing.
 * @param touched gets the things that moved
 */
export function applyCounted(topic: TopicRatings, vote: CountedVote, touched: Set<number>): void {
  if (vote.outcome === 'skip') return;
  const [left, right] = indexesOf(topic, vote);
  applyVote(topic, left, right, scoreOf(vote), vote.weight);
  countVote(topic, vote, left, right);
  touched.add(left).add(right);
}

/** Which elements a vote's things are. @throws Error when they were added after the topic was read */
export function indexesOf({ indexes }: TopicRatings, { id, leftId, rightId }: CountedVote): [number, number] {
  const [left, right] = [indexes.get(leftId), indexes.get(rightId)];
  if (left === undefined || right === undefined) throw new Error(`vote ${id} is about a thing not read yet`);
  return [left, right];
}

/** Counts a vote for both of its things without moving them. */
export function countVote(topic: TopicRatings, { outcome }: CountedVote, left: number, right: number): void {
  const [forLeft, forRight] =
    outcome === 'tie'
      ? [topic.ties, topic.ties]
      : outcome === 'left'
        ? [topic.wins, topic.losses]
        : [topic.losses, topic.wins];
  forLeft[left] = (forLeft[left] as number) + 1;
  forRight[right] = (forRight[right] as number) + 1;
  topic.votes++;
}

/** Whether any vote that stands is about a thing. */
export function hasVotes({ wins, losses, ties }: TopicRatings, index: number): boolean {
  return (wins[index] as number) + (losses[index] as number) + (ties[index] as number) > 0;
}

/**
 * Writes the ratings that moved.
 * @param touched which elements moved
 */
export async function writeRatings(
  trx: Database,
  topicId: number,
  topic: TopicRatings,
  touched: Iterable<number>,
): Promise<void> {
  // In one order always, so that two writers never wait for each other.
  const indexes = [...touched].sort((one, other) => one - other);
  for (let start = 0; start < indexes.length; start += ROWS_A_STATEMENT)
    await writeRows(trx, topicId, topic, indexes.slice(start, start + ROWS_A_STATEMENT));
  for (const index of indexes) topic.kept[index] = 1;
}

/** How many rows one statement writes at most: so that a large topic's need not all be text at once. */
export const ROWS_A_STATEMENT = 10_000;

async function writeRows(
  trx: Database,
  topicId: number,
  topic: TopicRatings,
  indexes: number[],
): Promise<void> {
  const column = (values: ArrayLike<number>): number[] => indexes.map((index) => values[index] as number);
  await sql`
    insert into ratings (topic_id, thing_id, mean, variance, wins, losses, ties)
    select ${topicId}::bigint, moved.* from unnest(
      ${column(topic.ids)}::bigint[], ${column(topic.means)}::float8[], ${column(topic.variances)}::float8[],
      ${column(topic.wins)}::int[], ${column(topic.losses)}::int[], ${column(topic.ties)}::int[]) as moved
    on conflict (thing_id) do update set mean = excluded.mean, variance = excluded.variance,
      wins = excluded.wins, losses = excluded.losses, ties = excluded.ties`.execute(trx);
}

/** Forgets the ratings of the things in a topic that no standing vote is about any more. */
export async function dropRatings(trx: Database, topic: TopicRatings): Promise<void> {
  const dropped = [...topic.ids.keys()].filter((index) => topic.kept[index] && !hasVotes(topic, index));
  if (dropped.length === 0) return;
  const ids = dropped.map((index) => topic.ids[index]);
  await sql`delete from ratings where thing_id = any (${ids}::bigint[])`.execute(trx);
  for (const index of dropped) topic.kept[index] = 0;
}

/**
 * Notes that a topic's ratings have changed, for the standings to follow.
 * @param stale whether its ratings still rest on votes that no longer count; left as it is when not given
 */
export async function noteChange(
  trx: Database,
  topicId: number,
  { stale }: { stale?: boolean } = {},
): Promise<void> {
  const staleSince =
    stale === undefined ? sql`stale_since` : stale ? sql`coalesce(stale_since, now())` : sql`null`;
  await sql`
    update boards set changes = changes + 1, stale_since = ${staleSince}
    where topic_id = ${topicId}`.execute(trx);
}

/** The things that are ranked, strongest first; of two level ones the one that was there first. */
export function strongestFirst({ means, retired, ids }: TopicRatings): number[] {
  // Ids rise with the indexes.
  return [...ids.keys()]
    .filter((index) => !retired[index])
    .sort((one, other) => (means[other] as number) - (means[one] as number) || one - other);
}
