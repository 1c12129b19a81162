import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';
import { statement } from '../../statement.js';
import { readEnd } from './closing.js';
import { changedVotes, countChangedVoters, findPositionAfter } from './ledger.js';
import { LEDGER_START, type LedgerRange, type Position } from './ledger-position.js';
import type { Merges } from './merges.js';

/** How often each outcome was voted on a pair. */
export interface PairCount {
  /** The lower id of the pair's two things. */
  low: number;
  /** The higher id. */
  high: number;
  lowWins: number;
  highWins: number;
  ties: number;
}

/**
 * Public data changes in steps. A step has the votes of at least this number of voters, so that no step shows
 * what one person chose.
 */
export const VOTERS_PER_STEP = 10;

/** The most votes in a step, if they are from ten voters. Folding waits while a step is written. */
const VOTES_PER_STEP = 50_000;

/**
 * Moves a topic's pair counts one step closer to the ranker's position, or to where the topic was closed, if the votes of ten or more voters
 * changed.
 * @param trx a transaction
 * @returns whether there may be another step
 */
export async function advancePairCounts(trx: Transaction, topicId: number): Promise<boolean> {
  const position = await readEnd(trx, topicId);
  const from = await lockPosition(trx, topicId);
  for (let votes = VOTES_PER_STEP; ; votes *= 2) {
    const between = await findPositionAfter(trx, topicId, { from, upTo: position, votes });
    const upTo = between ?? position;
    if ((await countChangedVoters(trx, topicId, { from, upTo })) >= VOTERS_PER_STEP) {
      await addChangedVotes(trx, topicId, { from, upTo });
      return between !== undefined;
    }
    if (!between) return false;
  }
}

/** The position up to which the pair counts have the ledger's votes. */
async function lockPosition(trx: Transaction, topicId: number): Promise<Position> {
  await sql`
    insert into pair_counts_position (topic_id, xid, id)
    values (${topicId}, ${LEDGER_START.xid}::xid8, ${LEDGER_START.id})
    on conflict do nothing`.execute(trx);
  const { rows } = await sql<Position>`
    select xid::text as xid, id from pair_counts_position where topic_id = ${topicId} for update`.execute(
    trx,
  );
  return rows[0] ?? LEDGER_START;
}

async function addChangedVotes(trx: Transaction, topicId: number, range: LedgerRange): Promise<void> {
  const sum = (condition: string) => sql`coalesce(sum(sign) filter (where ${sql.raw(condition)}), 0)::int`;
  await sql`
    with moved as (
      select least(left_id, right_id) as low, greatest(left_id, right_id) as high,
        ${sum("outcome = case when left_id < right_id then 'left' else 'right' end")} as low_wins,
        ${sum("outcome = case when left_id < right_id then 'right' else 'left' end")} as high_wins,
        ${sum("outcome = 'tie'")} as ties
      from ${changedVotes(topicId, range)} as moved group by 1, 2)
    insert into pair_counts (topic_id, low, high, low_wins, high_wins, ties)
    select ${topicId}::bigint, low, high, moved.low_wins + coalesce(known.low_wins, 0),
      moved.high_wins + coalesce(known.high_wins, 0), moved.ties + coalesce(known.ties, 0)
    from moved left join pair_counts as known using (low, high)
    on conflict (low, high) do update set
      low_wins = excluded.low_wins, high_wins = excluded.high_wins, ties = excluded.ties`.execute(trx);
  await sql`
    update pair_counts_position set xid = ${range.upTo.xid}::xid8, id = ${range.upTo.id}
    where topic_id = ${topicId}`.execute(trx);
}

/**
 * The counts of all pairs with a thing, those with most votes first; 5,000 pairs at most. The counts of merged things
 * are added to those of the things that they were merged into.
 */
export async function readPairsWith(
  db: Database,
  { thingId, merges }: { thingId: number; merges: Merges },
): Promise<PairCount[]> {
  const ids = [thingId, ...[...merges].flatMap(([id, end]) => (end === thingId ? [id] : []))];
  const { rows } = await sql<PairCount>`
    select low, high, low_wins, high_wins, ties from (
      select * from pair_counts where low = any (${ids}::bigint[])
      union all select * from pair_counts where high = any (${ids}::bigint[]) and low <> all (${ids}::bigint[])
    ) as counts
    where low_wins + high_wins + ties > 0
    order by low_wins + high_wins + ties desc, low, high limit 5000`.execute(db);
  return merges.size === 0 ? rows : mergeCounts(rows, merges);
}

function mergeCounts(counts: PairCount[], merges: Merges): PairCount[] {
  const merged = new Map<string, PairCount>();
  for (const { low, high, lowWins, highWins, ties } of counts) {
    const [one, other] = [merges.get(low) ?? low, merges.get(high) ?? high];
    if (one === other) continue;
    const isTurned = one > other;
    const pair = isTurned ? { low: other, high: one } : { low: one, high: other };
    const key = `${pair.low} ${pair.high}`;
    const sum = merged.get(key) ?? { ...pair, lowWins: 0, highWins: 0, ties: 0 };
    sum.lowWins += isTurned ? highWins : lowWins;
    sum.highWins += isTurned ? lowWins : highWins;
    sum.ties += ties;
    merged.set(key, sum);
  }
  return [...merged.values()];
}

/** The counts of a pair without the votes of one voter. */
export type OthersCounts = [lowWins: number, highWins: number, ties: number];

/**
 * SQL for `OthersCounts` as an array; null where the pair has no counts. It is a subquery of one value,
 * because Postgres cannot turn that into a join: for a join it sometimes reads all of millions of votes.
 * @param names SQL for the voter's id, and for the lower and the higher id of the pair
 */
export const othersCountsSql = ({
  voter,
  low,
  high,
}: {
  voter: string;
  low: string;
  high: string;
}): string => `(
  select array[counts.low_wins - own.low_wins, counts.high_wins - own.high_wins, counts.ties - own.ties]
  from pair_counts as counts join pair_counts_position as reached on reached.topic_id = counts.topic_id
  cross join lateral (
    select (count(*) filter (where outcome <> 'tie' and (outcome = 'left') = (left_id < right_id)))::int as low_wins,
      (count(*) filter (where outcome <> 'tie' and (outcome = 'right') = (left_id < right_id)))::int as high_wins,
      (count(*) filter (where outcome = 'tie'))::int as ties
    from (${ownAnswers(voter, 'is null')} union all ${ownAnswers(voter, 'is not null')}) as answers
    where outcome <> 'skip' and not provisional and (answers.xid, answers.id) <= (reached.xid, reached.id)
      and (withdrawn_xid is null or (withdrawn_xid, answers.id) > (reached.xid, reached.id))
      and not exists (select from (
        select distinct on (event.topic_id) event.kind from voter_events as event where event.voter_id = ${voter}
          and (event.topic_id is null or event.topic_id = counts.topic_id)
          and (event.xid, event.id) <= (reached.xid, reached.id)
        order by event.topic_id, event.xid desc, event.id desc) as newest where kind <> 'restored')) as own
  where counts.low = ${low} and counts.high = ${high})`;

// A query for each half, because each half has an index of its own.
const ownAnswers = (voter: string, withdrawn: 'is null' | 'is not null'): string => `
  select * from votes as answer where answer.voter_id = ${voter} and answer.withdrawn_at ${withdrawn}
    and least(answer.left_id, answer.right_id) = counts.low
    and greatest(answer.left_id, answer.right_id) = counts.high`;

const findOthers = statement<{ low: number; high: number; others: OthersCounts | null }>(`
  select low, high, ${othersCountsSql({ voter: '$1::bigint', low: 'asked.low', high: 'asked.high' })} as others
  from unnest($2::bigint[], $3::bigint[]) as asked (low, high)`);

/**
 * Reads how everyone but one voter answered some pairs.
 * @returns the pairs that have counts, in any order
 */
export async function readOthersCounts(
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
  return rows.flatMap(({ low, high, others }) => (others ? [toPairCount({ low, high }, others)] : []));
}

/** Joins the counts of a pair with its things. */
export function toPairCount(
  { low, high }: Pick<PairCount, 'low' | 'high'>,
  [lowWins, highWins, ties]: OthersCounts,
): PairCount {
  return { low, high, lowWins, highWins, ties };
}
