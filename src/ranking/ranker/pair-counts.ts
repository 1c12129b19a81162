import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { statement } from '../../statement.js';
import { BEGINNING, countMovedVoters, findPositionAfter, movedVotes, type Position } from './ledger.js';
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

/** How many votes a step takes in at most, if ten voters cast them: folding waits while a step is written. */
const VOTES_A_STEP = 50_000;

/**
 * Brings a topic's pair counts up towards the ranker's position, when the votes of ten voters or more have moved since.
 * @param trx a transaction
 * @returns whether there may be another step to take
 */
export async function stepPairCounts(trx: Database, topicId: number): Promise<boolean> {
  const position = await readPosition(trx);
  const from = await lockReached(trx, topicId);
  for (let votes = VOTES_A_STEP; ; votes *= 2) {
    const between = await findPositionAfter(trx, topicId, { from, votes, upTo: position });
    const upTo = between ?? position;
    if ((await countMovedVoters(trx, topicId, { from, upTo })) >= VOTERS_A_STEP) {
      await takeStep(trx, topicId, { from, upTo });
      return between !== undefined;
    }
    if (!between) return false;
  }
}

async function takeStep(
  trx: Database,
  topicId: number,
  { from, upTo }: { from: Position; upTo: Position },
): Promise<void> {
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

/** The counts of a pair without one voter's own part in them: for the low one, for the high one, for neither. */
export type Others = [lowWins: number, highWins: number, ties: number];

/**
 * SQL for `Others` as an array; null where the pair has no counts. It is a subquery of one value, which Postgres can't
 * turn into a join: among millions of votes it would sometimes choose to read all of them for that.
 * @param names what stands for the voter's id and for those of the pair, the lower one and the higher one
 */
export const othersOf = ({ voter, low, high }: { voter: string; low: string; high: string }): string => `(
  select array[counts.low_wins - own.low_wins, counts.high_wins - own.high_wins, counts.ties - own.ties]
  from pair_counts as counts join pair_counts_position as reached on reached.topic_id = counts.topic_id
  cross join lateral (
    select (count(*) filter (where outcome <> 'tie' and (outcome = 'left') = (left_id < right_id)))::int as low_wins,
      (count(*) filter (where outcome <> 'tie' and (outcome = 'right') = (left_id < right_id)))::int as high_wins,
      (count(*) filter (where outcome = 'tie'))::int as ties
    from (${ownAnswers(voter, 'is null')} union all ${ownAnswers(voter, 'is not null')}) as answers
    where outcome <> 'skip' and not provisional and (answers.xid, answers.id) <= (reached.xid, reached.id)
      and (withdrawn_xid is null or (withdrawn_xid, answers.id) > (reached.xid, reached.id))
      and coalesce((select kind from voter_events as event where event.voter_id = ${voter}
        and (event.xid, event.id) <= (reached.xid, reached.id)
        order by event.xid desc, event.id desc limit 1), 'restored') = 'restored') as own
  where counts.low = ${low} and counts.high = ${high})`;

// Each half has an index of its own.
const ownAnswers = (voter: string, withdrawn: 'is null' | 'is not null'): string => `
  select * from votes as answer where answer.voter_id = ${voter} and answer.withdrawn_at ${withdrawn}
    and least(answer.left_id, answer.right_id) = counts.low
    and greatest(answer.left_id, answer.right_id) = counts.high`;

const findOthers = statement<{ low: number; high: number; others: Others | null }>(`
  select low, high, ${othersOf({ voter: '$1::bigint', low: 'asked.low', high: 'asked.high' })} as others
  from unnest($2::bigint[], $3::bigint[]) as asked (low, high)`);

/**
 * How everybody but one voter answered some pairs, as far as the counts go.
 * @param pairs the lower id and the higher one of each
 * @returns those that have counts, in no order
 */
export async function readOthersOn(
  db: Database,
  voterId: number,
  pairs: Pick<PairCount, 'low' | 'high'>[],
): Promise<PairCount[]> {
  const rows = await findOthers(
    db,
    voterId,
    pairs.map(({ low }) => low),
    pairs.map(({ high }) => high),
  );
  return rows.flatMap(({ low, high, others }) => (others ? [countOf({ low, high }, others)] : []));
}

/** A pair's counts with its things. */
export function countOf(
  { low, high }: Pick<PairCount, 'low' | 'high'>,
  [lowWins, highWins, ties]: Others,
): PairCount {
  return { low, high, lowWins, highWins, ties };
}
