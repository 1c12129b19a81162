import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { applyVote, type Comparison, type Estimates } from '../math/online-update.js';
import type { CountedVote } from './ledger.js';
import { type Merges, readMerges } from './merges.js';

/** The things of a topic as the ranker works on them: one element of each array a thing. */
export interface TopicRatings extends Estimates {
  topicId: number;
  /** The things' ids, in rising order. */
  ids: number[];
  /** The index of each id. */
  indexes: Map<number, number>;
  wins: Int32Array;
  losses: Int32Array;
  ties: Int32Array;
  /** The means of the last fit; 0 for a thing that it did not have. */
  fittedMeans: Float64Array;
  /** 1 for a thing that has a row in `ratings`. */
  stored: Uint8Array;
  /** 1 for a thing that was taken down: its votes still rate it, but it has no rank. */
  retired: Uint8Array;
  /** Merged things. Their votes count for the things that they were merged into. */
  merges: Merges;
  /** How many votes the ratings rest on, without skips. */
  votes: number;
  /** How many votes the last fit had. */
  fittedVotes: number;
}

/**
 * Reads the ratings of a topic's things as they are stored. A thing without votes has mean 0, and the spread
 * of the topic's last fit as its variance.
 * @param db read page by page: the things are all from the same moment only inside `RatingsCache.advance`, or in
 * a transaction with one snapshot
 */
export async function readRatings(db: Database, topicId: number): Promise<TopicRatings> {
  const columns = Object.fromEntries(COLUMNS.map((name) => [name, []])) as unknown as Record<
    Column,
    number[]
  >;
  for (let after = 0, rows = PAGE_SIZE; rows === PAGE_SIZE; after = columns.id.at(-1) ?? 0)
    rows = await readPage(db, { topicId, after }, columns);
  const { id: ids, wins, losses, ties } = columns;
  return {
    topicId,
    ids,
    indexes: new Map(ids.map((id, index) => [id, index])),
    means: Float64Array.from(columns.mean),
    variances: Float64Array.from(columns.variance),
    wins: Int32Array.from(wins),
    losses: Int32Array.from(losses),
    ties: Int32Array.from(ties),
    fittedMeans: Float64Array.from(columns.fittedMean),
    stored: Uint8Array.from(columns.stored),
    retired: Uint8Array.from(columns.retired),
    merges: await readMerges(db, topicId),
    votes: [...wins, ...losses, ...ties].reduce((sum, count) => sum + count, 0) / 2,
    fittedVotes: columns.fitted[0] ?? 0,
  };
}

const PAGE_SIZE = 5_000;

const COLUMNS = [
  'id',
  'mean',
  'variance',
  'wins',
  'losses',
  'ties',
  'fittedMean',
  'stored',
  'retired',
  'fitted',
] as const;

type Column = (typeof COLUMNS)[number];

/**
 * Appends the next things to the columns.
 * @returns how many rows it read
 */
async function readPage(
  db: Database,
  { topicId, after }: { topicId: number; after: number },
  columns: Record<Column, number[]>,
): Promise<number> {
  const { rows } = await sql<Record<Column, number>>`
    select things.id, coalesce(mean, 0) as mean, coalesce(variance, spread, 1) as variance,
      coalesce(wins, 0) as wins, coalesce(losses, 0) as losses, coalesce(ties, 0) as ties,
      coalesce(fitted_mean, 0) as "fittedMean", (thing_id is not null)::int as stored, (retired_at is not null)::int as retired, coalesce(votes, 0) as fitted
    from things left join ratings on thing_id = things.id left join fits on fits.topic_id = things.topic_id
    where things.topic_id = ${topicId} and things.id > ${after}
    order by things.topic_id, things.id limit ${PAGE_SIZE}`.execute(db.withoutPlugins());
  for (const row of rows) for (const name of COLUMNS) columns[name].push(row[name]);
  return rows.length;
}

/**
 * Moves the ratings of a vote's two things and counts the vote; a skip does nothing.
 * @param changed gets the indexes of the things that moved
 */
export function applyAndCount(topic: TopicRatings, vote: CountedVote, changed?: Set<number>): void {
  if (vote.outcome === 'skip') return;
  const comparison = comparisonOf(topic, vote);
  if (!comparison) return;
  applyVote(topic, comparison);
  countVote(topic, comparison);
  changed?.add(comparison.left).add(comparison.right);
}

/**
 * A vote as the mathematics needs it; undefined for a vote between two things that were merged into one.
 * @throws Error when one of its things was added after the topic was read
 */
export function comparisonOf(
  { indexes, merges }: TopicRatings,
  vote: CountedVote,
): Required<Comparison> | undefined {
  const indexOf = (id: number): number | undefined => indexes.get(merges.get(id) ?? id);
  const [left, right] = [indexOf(vote.leftId), indexOf(vote.rightId)];
  if (left === undefined || right === undefined)
    throw new Error(`vote ${vote.id} is about a thing not read yet`);
  return left === right ? undefined : { left, right, score: scoreOf(vote), weight: vote.weight };
}

/**
 * The left thing's score: 1 when the left was chosen, 0 when the right was, 0.5 when they are about the same.
 */
export const scoreOf = ({ outcome }: Pick<CountedVote, 'outcome'>): number =>
  outcome === 'left' ? 1 : outcome === 'right' ? 0 : 0.5;

/** Counts a vote for both of its things without moving them. */
export function countVote(topic: TopicRatings, { left, right, score }: Comparison): void {
  const leftCounts = score === 1 ? topic.wins : score === 0 ? topic.losses : topic.ties;
  const rightCounts = score === 1 ? topic.losses : score === 0 ? topic.wins : topic.ties;
  leftCounts[left] = (leftCounts[left] as number) + 1;
  rightCounts[right] = (rightCounts[right] as number) + 1;
  topic.votes++;
}

/** Whether any vote that counts is about a thing. */
export function hasVotes({ wins, losses, ties }: TopicRatings, index: number): boolean {
  return (wins[index] as number) + (losses[index] as number) + (ties[index] as number) > 0;
}

/**
 * Writes the ratings of some things.
 * @param changed the indexes of the things
 */
export async function writeRatings(
  trx: Transaction,
  topic: TopicRatings,
  changed: Iterable<number>,
): Promise<void> {
  // Always in the same order, so that two writers cannot deadlock.
  const indexes = [...changed].sort((one, other) => one - other);
  for (let start = 0; start < indexes.length; start += ROWS_PER_STATEMENT)
    await writeRows(trx, topic, indexes.slice(start, start + ROWS_PER_STATEMENT));
  for (const index of indexes) topic.stored[index] = 1;
}

/**
 * The most rows that one statement writes, so that the rows of a large topic are not all text in memory at
 * once.
 */
export const ROWS_PER_STATEMENT = 10_000;

async function writeRows(trx: Transaction, topic: TopicRatings, indexes: number[]): Promise<void> {
  const column = (values: ArrayLike<number>): number[] => indexes.map((index) => values[index] as number);
  await sql`
    insert into ratings (topic_id, thing_id, mean, variance, wins, losses, ties, fitted_mean)
    select ${topic.topicId}::bigint, moved.* from unnest(
      ${column(topic.ids)}::bigint[], ${column(topic.means)}::float8[], ${column(topic.variances)}::float8[],
      ${column(topic.wins)}::int[], ${column(topic.losses)}::int[], ${column(topic.ties)}::int[],
      ${column(topic.fittedMeans)}::float8[]) as moved
    on conflict (thing_id) do update set mean = excluded.mean, variance = excluded.variance,
      wins = excluded.wins, losses = excluded.losses, ties = excluded.ties, fitted_mean = excluded.fitted_mean`.execute(
    trx,
  );
}

/** Deletes the stored ratings of the things that no counted vote is about any more. */
export async function deleteRatingsWithoutVotes(trx: Transaction, topic: TopicRatings): Promise<void> {
  const indexes = [...topic.ids.keys()].filter((index) => topic.stored[index] && !hasVotes(topic, index));
  if (indexes.length === 0) return;
  const ids = indexes.map((index) => topic.ids[index]);
  await sql`delete from ratings where thing_id = any (${ids}::bigint[])`.execute(trx);
  for (const index of indexes) topic.stored[index] = 0;
}

/**
 * Marks a topic's ratings as changed, so that its standings get published again.
 * @param stale whether the ratings rest on votes that no longer count, or lack some; by default this stays as
 * it is
 */
export async function markChanged(
  trx: Transaction,
  topicId: number,
  { stale }: { stale?: boolean } = {},
): Promise<void> {
  const staleSince =
    stale === undefined ? sql`stale_since` : stale ? sql`coalesce(stale_since, now())` : sql`null`;
  await sql`
    update boards set changes = changes + 1, stale_since = ${staleSince}
    where topic_id = ${topicId}`.execute(trx);
}

/** The indexes of the things that have a rank, strongest first; of two equal things the older one. */
export function rankedIndexes({ means, retired, ids }: TopicRatings): number[] {
  // A lower index is a lower id, and so an older thing.
  return [...ids.keys()]
    .filter((index) => !retired[index])
    .sort((one, other) => (means[other] as number) - (means[one] as number) || one - other);
}
