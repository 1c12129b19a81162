import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Outcome, Strategy } from '../../schema.js';

/** A position in the ledger: everything up to and including it has been read. */
export interface Position {
  /** Transaction id as text: it outgrows what a JavaScript number holds exactly. */
  xid: string;
  id: number;
}

/** A vote that counts, as the ratings need it. */
export interface CountedVote {
  id: number;
  voterId: number | null;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  /** How much it counts, as far as that is decided already: 1 for what the ranker has not weighed yet. */
  weight: number;
}

/** One line of the ledger: a vote, or the withdrawal of one. */
export interface Entry extends CountedVote {
  xidText: string;
  topicId: number;
  strategy: Strategy;
  /** A moment as Postgres writes it. */
  createdAt: string;
  /** Whether its voter is set apart or voided, so that it moves nothing. */
  isExcluded: boolean;
  isWithdrawal: boolean;
}

/**
 * Reads what comes next in the ledger, votes and withdrawals in one order.
 *
 * Ids are handed out before their rows commit, so "the highest id seen" would pass over a vote whose
 * transaction was still open. The order here is that of transactions, and only those older than every
 * transaction still under way are read (https://www.postgresql.org/docs/current/functions-info.html, table of
 * snapshot functions): nothing can appear behind the position any more.
 */
export async function readLedger(db: Database, after: Position, limit: number): Promise<Entry[]> {
  // The text of the transaction id has a name of its own: ordering by a cast would sort "10" before "9".
  const { rows } = await sql<Entry>`
    select xid::text as "xidText", ${sql.raw(NAMED_ANSWER)}, 1 as weight, ${isExcluded('entries')} as "isExcluded",
      is_withdrawal as "isWithdrawal"
    from (
      (select xid, ${sql.raw(ANSWER)}, false as is_withdrawal from votes
       where not provisional and (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
         and xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.xid, votes.id limit ${limit})
      union all
      (select withdrawn_xid, ${sql.raw(ANSWER)}, true from votes
       where withdrawn_xid is not null and not provisional and (withdrawn_xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
         and withdrawn_xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.withdrawn_xid, votes.id limit ${limit})
    ) as entries
    order by entries.xid, entries.id limit ${limit}`.execute(plain(db));
  return rows;
}

const ANSWER = 'id, topic_id, voter_id, left_id, right_id, outcome, strategy, created_at';
const NAMED_ANSWER =
  'id, topic_id as "topicId", voter_id as "voterId", left_id as "leftId", right_id as "rightId", outcome, strategy, ' +
  'created_at::text as "createdAt"';

// Without the plugin that renames columns: of a million rows it takes a third of the time.
const plain = (db: Database): Database => db.withoutPlugins();

/**
 * Reads what has happened to voters after a position.
 * @param upTo where to stop; without it, at what is still under way
 */
export async function readVoterEvents(
  db: Database,
  after: Position,
  upTo?: Position,
): Promise<(Pick<Entry, 'xidText' | 'id'> & { voterId: number })[]> {
  const { rows } = await sql<Pick<Entry, 'xidText' | 'id'> & { voterId: number }>`
    select xid::text as xid_text, id, voter_id from voter_events
    where (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
      and xid < pg_snapshot_xmin(pg_current_snapshot())
      ${upTo ? sql`and (xid, id) <= (${upTo.xid}::xid8, ${upTo.id}::bigint)` : sql``}
    order by voter_events.xid, voter_events.id`.execute(db);
  return rows;
}

/** A position as SQL, for comparing with `(xid, id)` of a row. */
export const positionSql = ({ xid, id }: Position): RawBuilder<unknown> => sql`(${xid}::xid8, ${id}::bigint)`;

/**
 * Whether the voter of a row is set apart or voided.
 * @param table names what has the column `voter_id`
 * @param at as of which position, as SQL; without it, as of now
 */
export function isExcluded(table: string, at?: RawBuilder<unknown>): RawBuilder<boolean> {
  return sql<boolean>`coalesce((
    select kind <> 'restored' from voter_events where voter_id = ${sql.ref(`${table}.voter_id`)}
      ${at ? sql`and (voter_events.xid, voter_events.id) <= ${at}` : sql``}
    order by voter_events.xid desc, voter_events.id desc limit 1), false)`;
}

/**
 * Whether a row of `votes` counts as of a position: cast by then, not withdrawn, and its voter not excluded.
 * @param at the position as SQL
 */
export const countsAt = (at: RawBuilder<unknown>): RawBuilder<boolean> => sql<boolean>`
  ((votes.xid, votes.id) <= ${at} and (withdrawn_xid is null or (withdrawn_xid, votes.id) > ${at})
    and not ${isExcluded('votes', at)})`;

/**
 * The votes of a topic, skips left out, that came to count between two positions (`sign` is 1), or ceased to (-1): rows
 * of `votes` with `sign`, as a subquery.
 */
export function movedVotes(topicId: number, from: Position, upTo: Position): RawBuilder<unknown> {
  const [before, now] = [positionSql(from), positionSql(upTo)];
  const ofTopic = sql`topic_id = ${topicId} and not provisional`;
  const isNew = sql`((xid, id) > ${before} and (xid, id) <= ${now})`;
  // Said to be not null, so that Postgres knows the index of withdrawals for enough.
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

/** Counts the voters whose votes came to count between two positions, or ceased to. Nameless votes are of one each. */
export async function countMovedVoters(
  db: Database,
  topicId: number,
  { from, upTo }: { from: Position; upTo: Position },
): Promise<number> {
  const { rows } = await sql<{ voters: number }>`
    select count(distinct coalesce(voter_id, -id))::int as voters
    from ${movedVotes(topicId, from, upTo)} as moved`.execute(db);
  return rows[0]?.voters ?? 0;
}

/** Where the ledger is when a topic has had so many votes more; undefined when it has had fewer by `upTo`. */
export async function findPositionAfter(
  db: Database,
  topicId: number,
  { from, votes, upTo }: { from: Position; votes: number; upTo: Position },
): Promise<Position | undefined> {
  const { rows } = await sql<Position>`
    select xid::text as "xid", id from votes
    where topic_id = ${topicId} and not provisional and (votes.xid, id) > ${positionSql(from)} and (votes.xid, id) <= ${positionSql(upTo)}
    order by votes.xid, id offset ${votes} limit 1`.execute(plain(db));
  return rows[0];
}

/** Before the first entry of any ledger. */
export const BEGINNING: Position = { xid: '0', id: 0 };

/**
 * Reads the votes that count in a topic from behind a position up to another, oldest first, some thousand at a time.
 * Those withdrawn by then are left out, and those of voters who are set apart or voided.
 */
export async function* readStandingVotes(
  db: Database,
  topicId: number,
  { from = BEGINNING, upTo }: { from?: Position; upTo: Position },
  limit = 5000,
): AsyncGenerator<CountedVote[]> {
  const excluded = await readExcludedVoters(db, upTo);
  let after = from;
  for (;;) {
    // Few columns, and no look at other tables for each row: of ten million votes that takes half of the time.
    const { rows } = await sql<CountedVote & { xidText: string }>`
      select xid::text as "xidText", id, voter_id as "voterId", left_id as "leftId", right_id as "rightId", outcome
      from votes
      where topic_id = ${topicId} and not provisional
        and (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
        and (xid, id) <= (${upTo.xid}::xid8, ${upTo.id}::bigint)
        and (withdrawn_xid is null or (withdrawn_xid, id) > (${upTo.xid}::xid8, ${upTo.id}::bigint))
      order by votes.xid, votes.id limit ${limit}`.execute(plain(db));
    const last = rows.at(-1);
    if (!last) return;
    const weights = await readWeights(db, rows);
    for (const vote of rows) vote.weight = weights.get(vote.id) ?? 1;
    yield excluded.size > 0 ? rows.filter(({ voterId }) => !excluded.has(voterId)) : rows;
    if (rows.length < limit) return;
    after = { xid: last.xidText, id: last.id };
  }
}

async function readExcludedVoters(db: Database, at: Position): Promise<Set<number | null>> {
  const { rows } = await sql<{ voterId: number }>`
    select voter_id from (
      select distinct on (voter_id) voter_id, kind from voter_events where (xid, id) <= ${positionSql(at)}
      order by voter_id, voter_events.xid desc, voter_events.id desc
    ) as latest where kind <> 'restored'`.execute(db);
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
