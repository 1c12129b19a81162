import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Outcome, Strategy } from '../../schema.js';
import { type LedgerRange, type Position, positionSql } from './ledger-position.js';
import { isLatestAnswer, readMerges } from './merges.js';

/** A vote as the ratings need it. */
export interface CountedVote {
  id: number;
  voterId: number | null;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  /** How much it counts, from 0 to 1; also 1 as long as the ranker has not weighed it. */
  weight: number;
}

/** One entry of the ledger: a vote, or the withdrawal of a vote. */
export interface Entry extends CountedVote {
  xidText: string;
  topicId: number;
  strategy: Strategy;
  /** A timestamp as Postgres writes it. */
  createdAt: string;
  /** Whether its voter is set apart or voided. Then the vote moves nothing. */
  isExcluded: boolean;
  isWithdrawal: boolean;
}

/**
 * Reads the next entries of the ledger, votes and withdrawals in one order.
 *
 * A row gets its id before it commits. So a ranker that remembers the highest id would miss a vote whose
 * transaction was still open. The order here is that of the transactions, and only transactions older than
 * every open one are read (https://www.postgresql.org/docs/current/functions-info.html, table of snapshot
 * functions). So no entry can appear before the position later.
 */
export async function readLedger(db: Database, after: Position, limit: number): Promise<Entry[]> {
  // The text of the transaction id needs a name of its own: an order by text would put "10" before "9".
  const { rows } = await sql<Entry>`
    select xid::text as "xidText", ${sql.raw(ALIASED_COLUMNS)}, 1 as weight, ${isExcluded('entries')} as "isExcluded",
      is_withdrawal as "isWithdrawal"
    from (
      (select xid, ${sql.raw(COLUMNS)}, false as is_withdrawal from votes
       where not provisional and (xid, id) > ${positionSql(after)}
         and xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.xid, votes.id limit ${limit})
      union all
      (select withdrawn_xid, ${sql.raw(COLUMNS)}, true from votes
       where withdrawn_xid is not null and not provisional and (withdrawn_xid, id) > ${positionSql(after)}
         and withdrawn_xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.withdrawn_xid, votes.id limit ${limit})
    ) as entries
    order by entries.xid, entries.id limit ${limit}`.execute(db.withoutPlugins());
  return rows;
}

const COLUMNS = 'id, topic_id, voter_id, left_id, right_id, outcome, strategy, created_at';
// Aliased here, because the plugin that renames columns takes a third of the time for a million rows.
const ALIASED_COLUMNS =
  'id, topic_id as "topicId", voter_id as "voterId", left_id as "leftId", right_id as "rightId", outcome, strategy, ' +
  'created_at::text as "createdAt"';

/** A voter was set apart, voided or restored. */
export interface VoterEvent extends Pick<Entry, 'xidText' | 'id'> {
  voterId: number;
  /** Null for all topics. */
  topicId: number | null;
}

/**
 * Reads the voter events after a position.
 * @param upTo where to stop; by default at the oldest open transaction
 */
export async function readVoterEvents(db: Database, after: Position, upTo?: Position): Promise<VoterEvent[]> {
  const { rows } = await sql<VoterEvent>`
    select xid::text as xid_text, id, voter_id, topic_id from voter_events
    where (xid, id) > ${positionSql(after)}
      and xid < pg_snapshot_xmin(pg_current_snapshot())
      ${upTo ? sql`and (xid, id) <= ${positionSql(upTo)}` : sql``}
    order by voter_events.xid, voter_events.id`.execute(db);
  return rows;
}

/**
 * SQL for whether the voter of a row is set apart or voided, in the topic of the row or in all. Of each, the newest event
 * holds.
 * @param table the name of the table that has the columns `voter_id` and `topic_id`
 * @param at the position at which it is asked, as SQL; by default now
 */
export function isExcluded(table: string, at?: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`exists (
    select from (
      select distinct on (event.topic_id) event.kind from voter_events as event
      where event.voter_id = ${sql.ref(`${table}.voter_id`)}
        and (event.topic_id is null or event.topic_id = ${sql.ref(`${table}.topic_id`)})
        ${at ? sql`and (event.xid, event.id) <= ${at}` : sql``}
      order by event.topic_id, event.xid desc, event.id desc) as newest
    where newest.kind <> 'restored')`;
}

/**
 * Whether a row of `votes` counts at a position: it was cast by then and not withdrawn, and its voter not
 * excluded.
 */
const countsAt = (at: RawBuilder<unknown>): RawBuilder<boolean> => sql<boolean>`
  ((votes.xid, votes.id) <= ${at} and (withdrawn_xid is null or (withdrawn_xid, votes.id) > ${at})
    and not ${isExcluded('votes', at)})`;

/**
 * A subquery for the votes of a topic, without skips, that count at one end of a range but not at the other.
 * The rows are those of `votes` with a column `sign`: 1 for a vote that counts at the end only, -1 for one
 * that counts at the start only.
 */
export function changedVotes(topicId: number, { from, upTo }: LedgerRange): RawBuilder<unknown> {
  const [before, now] = [positionSql(from), positionSql(upTo)];
  const ofTopic = sql`topic_id = ${topicId} and not provisional`;
  const isNew = sql`((xid, id) > ${before} and (xid, id) <= ${now})`;
  // The `is not null` lets Postgres use the index of withdrawals, which has no other rows.
  const isWithdrawn = sql`(withdrawn_xid is not null and (withdrawn_xid, id) > ${before} and (withdrawn_xid, id) <= ${now})`;
  return sql`(
    select * from (
      select *, ${countsAt(now)}::int - ${countsAt(before)}::int as sign from (
        select * from votes where ${ofTopic} and ${isNew}
        union all
        select * from votes where ${ofTopic} and ${isWithdrawn} and not ${isNew}
        union all
        select * from votes where ${ofTopic} and not ${isNew} and not ${isWithdrawn} and voter_id in (
          select voter_id from voter_events where (xid, id) > ${before} and (xid, id) <= ${now})
      ) as votes where outcome <> 'skip'
    ) as votes where sign <> 0)`;
}

/**
 * Counts the voters of the `changedVotes` of a range. A vote without a voter counts as a voter of its own.
 */
export async function countChangedVoters(db: Database, topicId: number, range: LedgerRange): Promise<number> {
  const { rows } = await sql<{ voters: number }>`
    select count(distinct coalesce(voter_id, -id))::int as voters
    from ${changedVotes(topicId, range)} as changed`.execute(db);
  return rows[0]?.voters ?? 0;
}

/**
 * The position of the vote that has `votes` votes of its topic before it in a range; undefined when there is
 * none.
 */
export async function findPositionAfter(
  db: Database,
  topicId: number,
  { from, upTo, votes }: LedgerRange & { votes: number },
): Promise<Position | undefined> {
  const { rows } = await sql<Position>`
    select xid::text as "xid", id from votes
    where topic_id = ${topicId} and not provisional and (votes.xid, id) > ${positionSql(from)} and (votes.xid, id) <= ${positionSql(upTo)}
    order by votes.xid, id offset ${votes} limit 1`.execute(db.withoutPlugins());
  return rows[0];
}

/** How many votes `readCountedVotes` reads at a time. */
const BATCH = 5_000;

/**
 * Reads the votes of a topic that were cast in a range of the ledger and count at its end, oldest first,
 * 5,000 at a time. It leaves out votes that were withdrawn by then, and those of voters who were set apart or
 * voided by then. Of answers that merges have made answers to one pair, it has the latest.
 */
export async function* readCountedVotes(
  db: Database,
  topicId: number,
  { from, upTo }: LedgerRange,
): AsyncGenerator<CountedVote[]> {
  const excluded = await readExcludedVoters(db, topicId, upTo);
  const merges = await readMerges(db, topicId);
  let after = from;
  for (;;) {
    // Only these columns and no join: that halves the time for ten million votes.
    const { rows } = await sql<CountedVote & { xidText: string }>`
      select xid::text as "xidText", id, voter_id as "voterId", left_id as "leftId", right_id as "rightId", outcome
      from votes
      where topic_id = ${topicId} and not provisional
        and (xid, id) > ${positionSql(after)}
        and (xid, id) <= ${positionSql(upTo)}
        and (withdrawn_xid is null or (withdrawn_xid, id) > ${positionSql(upTo)})
        and ${isLatestAnswer(merges, upTo)}
      order by votes.xid, votes.id limit ${BATCH}`.execute(db.withoutPlugins());
    const last = rows.at(-1);
    if (!last) return;
    const weights = await readWeights(db, rows);
    for (const vote of rows) vote.weight = weights.get(vote.id) ?? 1;
    yield excluded.size > 0 ? rows.filter(({ voterId }) => !excluded.has(voterId)) : rows;
    if (rows.length < BATCH) return;
    after = { xid: last.xidText, id: last.id };
  }
}

async function readExcludedVoters(db: Database, topicId: number, at: Position): Promise<Set<number | null>> {
  const { rows } = await sql<{ voterId: number }>`
    select voter_id from (
      select distinct on (voter_id, topic_id) voter_id, kind from voter_events
      where (xid, id) <= ${positionSql(at)} and (topic_id is null or topic_id = ${topicId})
      order by voter_id, topic_id, voter_events.xid desc, voter_events.id desc
    ) as newest where kind <> 'restored'`.execute(db);
  return new Set(rows.map(({ voterId }) => voterId));
}

async function readWeights(db: Database, votes: CountedVote[]): Promise<Map<number, number>> {
  let [lowest, highest] = [Infinity, 0];
  for (const { id } of votes) [lowest, highest] = [Math.min(lowest, id), Math.max(highest, id)];
  const rows = await db
    .selectFrom('voteWeights')
    .where('voteId', '>=', lowest)
    .where('voteId', '<=', highest)
    .select(['voteId', 'weight'])
    .execute();
  return new Map(rows.map(({ voteId, weight }) => [voteId, weight]));
}
