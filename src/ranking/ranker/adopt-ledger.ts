import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';

/**
 * Adopts a ledger that was restored from a dump into a younger Postgres server. There, the transaction ids of
 * its rows are in the future, so the ranker would wait for them for ever and miss new votes.
 * @returns whether there was such a ledger
 */
export async function adoptLedger(db: Database): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    // The lock is a statement of its own: the comparison must not use a snapshot from before the wait for the
    // lock.
    await sql`select from ranker_position for update`.execute(trx);
    const { rows } = await sql<{ restored: boolean }>`
      select position.xid >= pg_snapshot_xmax(pg_current_snapshot())
        or exists (select from votes where xid >= pg_snapshot_xmax(pg_current_snapshot()))
        or exists (select from votes
          where not provisional and withdrawn_xid >= pg_snapshot_xmax(pg_current_snapshot()))
        or exists (select from voter_events where xid >= pg_snapshot_xmax(pg_current_snapshot())) as restored
      from ranker_position as position`.execute(trx);
    if (!rows[0]?.restored) return false;
    await renewLedger(trx);
    return true;
  });
}

/**
 * Moves the ledger before all transactions of this server, keeps the order of the rows' ids, and has every topic fitted
 * anew. So the transaction ids of another server neither hide votes from the ranker nor make it wait.
 */
export async function renewLedger(trx: Transaction): Promise<void> {
  await sql`select from ranker_position for update`.execute(trx);
  await sql`alter table votes disable trigger votes_only_withdraw`.execute(trx);
  // What came after the closing of a topic stays after it: xid 3 and 4.
  await sql`
      update votes set
        xid = case when (xid, votes.id) > (closed_xid, closed_ledger_id) then '3'::xid8 else '1'::xid8 end,
        withdrawn_xid = case when withdrawn_at is null then null
          when (withdrawn_xid, votes.id) > (closed_xid, closed_ledger_id) then '4'::xid8 else '2'::xid8 end
      from topics where topics.id = topic_id`.execute(trx);
  await sql`
      update topics set closed_xid = '2', closed_ledger_id = greatest(closed_ledger_id, (
        select max(id) from votes where topic_id = topics.id and xid = '1'))
      where closed_xid is not null`.execute(trx);
  await sql`alter table votes enable trigger votes_only_withdraw`.execute(trx);
  await sql`alter table voter_events disable trigger voter_events_append_only`.execute(trx);
  await sql`update voter_events set xid = '2'`.execute(trx);
  await sql`alter table voter_events enable trigger voter_events_append_only`.execute(trx);
  await sql`
      update ranker_position set xid = '4', generation = generation + 1, id = greatest(
        (select coalesce(max(id), 0) from votes), (select coalesce(max(id), 0) from voter_events))`.execute(
    trx,
  );
  await sql`delete from fits`.execute(trx);
  await sql`delete from pair_counts`.execute(trx);
  await sql`delete from pair_counts_position`.execute(trx);
  await sql`delete from snapshots`.execute(trx);
  await sql`update boards set stale_since = coalesce(stale_since, now())`.execute(trx);
}
