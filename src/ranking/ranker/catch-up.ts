import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Ranker } from './ranker.js';

/**
 * Folds votes until the ranking has all that are in the ledger. A transaction that is open somewhere else on
 * the Postgres server holds the ranker back; it is waited for, but not for ever.
 * @param patienceMs how long to wait for others
 * @returns whether the ranking has them all; if not, the running site's ranker will see to the rest
 */
export async function catchUp(db: Database, ranker: Ranker, patienceMs = 10_000): Promise<boolean> {
  let giveUp = Date.now() + patienceMs;
  for (;;) {
    if ((await ranker.fold()) > 0) giveUp = Date.now() + patienceMs;
    if (!(await isBehind(db))) return true;
    if (Date.now() > giveUp) return false;
    await sleep(50);
  }
}

async function isBehind(db: Database): Promise<boolean> {
  const { rows } = await sql<{ behind: boolean }>`
    select exists (select from votes where not provisional and (xid, id) > (position.xid, position.id))
      or exists (select from votes where withdrawn_xid is not null and not provisional and (withdrawn_xid, id) > (position.xid, position.id))
      or exists (select from voter_events where (xid, id) > (position.xid, position.id)) as behind
    from ranker_position as position`.execute(db);
  return rows[0]?.behind ?? false;
}
