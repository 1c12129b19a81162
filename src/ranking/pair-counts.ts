import { sql } from 'kysely';
import type { Database } from '../database.js';
import { BEGINNING, countMovedVoters, countsAt, movedVotes, type Position } from './ledger.js';
import { readPosition } from './position.js';

/** How the votes on a pair came out. */
export interface PairCount {
  /** The pair's things: the lower id and the higher one. */
  low: number;
  high: number;
  lowWins: number;
  highWins: number;
  ties: number;
}

/** So many voters a step of what anyone may see rests on at least: no step shows what one person chose. */
export const VOTERS_A_STEP = 10;

/**
 * Brings a topic's pair counts up to the ranker's position, when the votes of ten voters or more have moved since.
 * @param trx a transaction
 * @returns whether the counts have moved
 */
export async function stepPairCounts(trx: Database, topicId: number): Promise<boolean> {
  const upTo = await readPosition(trx);
  const from = await lockReached(trx, topicId);
  const voters = await countMovedVoters(trx, topicId, { from, upTo });
  if (voters < VOTERS_A_STEP) return false;
  const sum = (condition: string) => sql`coalesce(sum(sign) filter (where ${sql.raw(condition)}), 0)::int`;
  await sql`
    with moved as (
      select least(left_id, right_id) as low, greatest(left_id, right_id) as high,
        ${sum("outcome = case when left_id < right_id then 'left' else 'right' end")} as low_wins,
        ${sum("outcome = case when left_id < right_id then 'right' else 'left' end")} as high_wins,
        ${sum("outcome = 'tie'")} as ties
      from ${movedVotes(topicId, from, upTo)} as moved group by 1, 2)
    insert into pair_counts (topic_id, low, high, low_wins, high_wins, ties)
    select ${topicId}::bigint, low, high, moved.low_wins + coalesce(known.low_wins, 0),
      moved.high_wins + coalesce(known.high_wins, 0), moved.ties + coalesce(known.ties, 0)
    from moved left join pair_counts as known using (low, high)
    on conflict (low, high) do update set
      low_wins = excluded.low_wins, high_wins = excluded.high_wins, ties = excluded.ties`.execute(trx);
  await sql`
    update pair_counts_position set xid = ${upTo.xid}::xid8, id = ${upTo.id}
    where topic_id = ${topicId}`.execute(trx);
  return true;
}

async function lockReached(trx: Database, topicId: number): Promise<Position> {
  await sql`
    insert into pair_counts_position (topic_id, xid, id) values (${topicId}, ${BEGINNING.xid}::xid8, ${BEGINNING.id})
    on conflict do nothing`.execute(trx);
  const { rows } = await sql<Position>`
    select xid::text as xid, id from pair_counts_position where topic_id = ${topicId} for update`.execute(
    trx,
  );
  return rows[0] ?? BEGINNING;
}

/** The counts of all pairs with a thing; those with most votes first, 5,000 at the most. */
export async function readPairsWith(db: Database, thingId: number): Promise<PairCount[]> {
  const { rows } = await sql<PairCount>`
    select low, high, low_wins, high_wins, ties from (
      select * from pair_counts where low = ${thingId} union all select * from pair_counts where high = ${thingId}
    ) as counts
    where low_wins + high_wins + ties > 0
    order by low_wins + high_wins + ties desc, low, high limit 5000`.execute(db);
  return rows;
}

/**
 * How everybody but one voter answered some pairs of a topic, as far as the counts go.
 * @param pairs the lower id and the higher one of each
 * @returns those that have counts, in no order
 */
export async function readOthersOn(
  db: Database,
  { voterId, topicId }: { voterId: number; topicId: number },
  pairs: Pick<PairCount, 'low' | 'high'>[],
): Promise<PairCount[]> {
  const { rows } = await sql<PairCount>`
    select asked.low, asked.high, counts.low_wins - own.low_wins as low_wins,
      counts.high_wins - own.high_wins as high_wins, counts.ties - own.ties as ties
    from unnest(${pairs.map(({ low }) => low)}::bigint[], ${pairs.map(({ high }) => high)}::bigint[]) as asked (low, high)
    join pair_counts as counts on counts.low = asked.low and counts.high = asked.high
    join pair_counts_position as reached on reached.topic_id = ${topicId}
    cross join lateral (
      select (count(*) filter (where (outcome = 'left') = (left_id < right_id) and outcome <> 'tie'))::int as low_wins,
        (count(*) filter (where (outcome = 'right') = (left_id < right_id) and outcome <> 'tie'))::int as high_wins,
        (count(*) filter (where outcome = 'tie'))::int as ties
      from (${ownAnswers(voterId, 'is null')} union all ${ownAnswers(voterId, 'is not null')}) as votes
      where outcome <> 'skip' and ${countsAt(sql`(reached.xid, reached.id)`)}) as own`.execute(db);
  return rows;
}

// Each half has an index of its own.
const ownAnswers = (voterId: number, withdrawn: 'is null' | 'is not null') => sql`
  select * from votes where voter_id = ${voterId} and least(left_id, right_id) = asked.low
    and greatest(left_id, right_id) = asked.high and withdrawn_at ${sql.raw(withdrawn)}`;
