import { sql } from 'kysely';
import type { Transaction } from '../../database.js';
import type { RecentPair } from '../../schema.js';
import type { Entry } from './ledger.js';

/** A voter's record in a topic, up to the entries that were weighed. */
export interface TopicVoter {
  topicId: number;
  voterId: number;
  votes: number;
  skips: number;
  /** A timestamp as Postgres writes it. */
  latestAt: string;
  recentPairs: RecentPair[];
}

/** Names a voter's record in a topic. */
export const keyOf = ({ topicId, voterId }: { topicId: number; voterId: number | null }): string =>
  `${topicId} ${voterId}`;

/** The record of a voter before their first entry in a topic. */
export const newVoter = ({ topicId, voterId, createdAt }: Entry): TopicVoter => ({
  topicId,
  voterId: voterId ?? 0,
  votes: 0,
  skips: 0,
  latestAt: createdAt,
  recentPairs: [],
});

/** Reads the records of the voters of some entries, by `keyOf`. Voters without a record are left out. */
export async function findTopicVoters(trx: Transaction, entries: Entry[]): Promise<Map<string, TopicVoter>> {
  if (entries.length === 0) return new Map();
  const wanted = new Map(entries.map((entry) => [keyOf(entry), entry]));
  const { rows } = await sql<Omit<TopicVoter, 'recentPairs'> & { packed: PackedPair[] }>`
    select topic_id as "topicId", voter_id as "voterId", votes, skips, latest_at::text as "latestAt",
      recent_pairs as packed
    from topic_voters join unnest(
      ${[...wanted.values()].map(({ topicId }) => topicId)}::bigint[],
      ${[...wanted.values()].map(({ voterId }) => voterId)}::bigint[]) as wanted (topic, voter)
      on topic_id = topic and voter_id = voter`.execute(trx.withoutPlugins());
  return new Map(rows.map(({ packed, ...row }) => [keyOf(row), { ...row, recentPairs: packed.map(unpack) }]));
}

/**
 * A pair as it is stored: its things, whether it was skipped, and whether it was asked for. Names would
 * double it.
 */
type PackedPair = [low: number, high: number, skipped: 0 | 1, asked?: 1];

const pack = ({ low, high, skipped, asked }: RecentPair): PackedPair =>
  asked ? [low, high, skipped ? 1 : 0, 1] : [low, high, skipped ? 1 : 0];

const unpack = ([low, high, skipped, asked]: PackedPair): RecentPair => ({
  low,
  high,
  skipped: skipped === 1,
  ...(asked && { asked: true }),
});

/** Writes records. Call it in the transaction that moves the ranker's position past the entries of these voters. */
export async function writeTopicVoters(trx: Transaction, voters: TopicVoter[]): Promise<void> {
  if (voters.length === 0) return;
  await sql`
    insert into topic_voters (topic_id, voter_id, votes, skips, latest_at, recent_pairs)
    select topic_id, voter_id, votes, skips, latest_at, recent_pairs::json
    from unnest(${voters.map(({ topicId }) => topicId)}::bigint[],
      ${voters.map(({ voterId }) => voterId)}::bigint[], ${voters.map(({ votes }) => votes)}::int[],
      ${voters.map(({ skips }) => skips)}::int[], ${voters.map(({ latestAt }) => latestAt)}::timestamptz[],
      ${voters.map(({ recentPairs }) => JSON.stringify(recentPairs.map(pack)))}::text[])
      as known (topic_id, voter_id, votes, skips, latest_at, recent_pairs)
    on conflict (topic_id, voter_id) do update set votes = excluded.votes, skips = excluded.skips,
      latest_at = excluded.latest_at, recent_pairs = excluded.recent_pairs`.execute(trx);
}
