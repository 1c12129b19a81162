import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Outcome } from '../schema.js';

/** A place in the ledger: everything up to and including it has been read. */
export interface Position {
  /** Transaction id as text: it outgrows what a JavaScript number holds exactly. */
  xid: string;
  id: number;
}

/** One line of the ledger: a vote, or the withdrawal of one. */
export interface Entry {
  xidText: string;
  id: number;
  topicId: number;
  voter: number | null;
  leftId: number;
  rightId: number;
  outcome: Outcome;
  weight: number;
  withdrawal: boolean;
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
    select xid_text as "xidText", id, topic_id as "topicId", voter, left_id as "leftId", right_id as "rightId",
      outcome, weight, withdrawal
    from (
      (select xid, xid::text as xid_text, id, topic_id, voter, left_id, right_id, outcome, weight, false as withdrawal
       from votes
       where (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
         and xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.xid, votes.id limit ${limit})
      union all
      (select withdrawn_xid, withdrawn_xid::text as xid_text, id, topic_id, voter, left_id, right_id, outcome, weight, true
       from votes
       where (withdrawn_xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
         and withdrawn_xid < pg_snapshot_xmin(pg_current_snapshot())
       order by votes.withdrawn_xid, votes.id limit ${limit})
    ) as entries
    order by xid, id limit ${limit}`.execute(plain(db));
  return rows;
}

/** Before the first entry of any ledger. */
export const BEGINNING: Position = { xid: '0', id: 0 };

/**
 * Reads a topic's standing votes from behind a position up to another, oldest first, some thousand at a time: those
 * withdrawn by then are left out.
 */
export async function* readStandingVotes(
  db: Database,
  topicId: number,
  { from = BEGINNING, upTo }: { from?: Position; upTo: Position },
  limit = 5000,
): AsyncGenerator<Entry[]> {
  let after = from;
  for (;;) {
    const { rows } = await sql<Entry>`
      select xid::text as "xidText", id, topic_id as "topicId", voter, left_id as "leftId", right_id as "rightId",
        outcome, weight, false as withdrawal
      from votes
      where topic_id = ${topicId}
        and (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
        and (xid, id) <= (${upTo.xid}::xid8, ${upTo.id}::bigint)
        and (withdrawn_xid is null or (withdrawn_xid, id) > (${upTo.xid}::xid8, ${upTo.id}::bigint))
      order by votes.xid, votes.id limit ${limit}`.execute(plain(db));
    if (rows.length > 0) yield rows;
    const last = rows.at(-1);
    if (!last || rows.length < limit) return;
    after = { xid: last.xidText, id: last.id };
  }
}

// Without the plugin that renames columns: of a million rows it takes a third of the time.
const plain = (db: Database): Database => db.withoutPlugins();
