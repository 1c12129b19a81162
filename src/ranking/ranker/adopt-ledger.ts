import { sql } from 'kysely';
import type { Database } from '../../database.js';

/**
 * Takes over a ledger that was restored from a dump into a younger Postgres server. Its rows carry transaction ids that
 * lie in the future there, so the ranker would wait for them for ever and pass over new votes. They are moved to the
 * beginning of that server's time, in the order of their ids, and every topic is fitted anew.
 * @returns whether there was anything to do, which there is only after such a restore
 */
export async function adoptLedger(db: Database): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    // Compared in a statement of its own: one that waited for the lock would still look with its old snapshot.
    await sql`select from ranker_position for update`.execute(trx);
    const { rows } = await sql<{ restored: boolean }>`
      select position.xid >= pg_snapshot_xmax(pg_current_snapshot())
        or exists (select from votes where xid >= pg_snapshot_xmax(pg_current_snapshot()))
        or exists (select from voter_events where xid >= pg_snapshot_xmax(pg_current_snapshot())) as restored
      from ranker_position as position`.execute(trx);
    if (!rows[0]?.restored) return false;
    await sql`alter table votes disable trigger votes_only_withdraw`.execute(trx);
    await sql`
      update votes set xid = '1', withdrawn_xid = case when withdrawn_at is not null then '2'::xid8 end`.execute(
      trx,
    );
    await sql`alter table votes enable trigger votes_only_withdraw`.execute(trx);
    await sql`alter table voter_events disable trigger voter_events_append_only`.execute(trx);
    await sql`update voter_events set xid = '2'`.execute(trx);
    await sql`alter table voter_events enable trigger voter_events_append_only`.execute(trx);
    await sql`
      update ranker_position set xid = '2', generation = generation + 1, id = greatest(
        (select coalesce(max(id), 0) from votes), (select coalesce(max(id), 0) from voter_events))`.execute(
      trx,
    );
    await sql`delete from fits`.execute(trx);
    await sql`delete from pair_counts`.execute(trx);
    await sql`delete from pair_counts_position`.execute(trx);
    await sql`delete from snapshots`.execute(trx);
    await sql`update boards set stale_since = coalesce(stale_since, now())`.execute(trx);
    return true;
  });
}
