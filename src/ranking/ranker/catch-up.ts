import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../database.js';
import type { Ranker } from './ranker.js';

/**
 * Folds until the ranking has every entry of the ledger. It has to wait for transactions that are open
 * elsewhere on the Postgres server, because the ranker reads only entries that are older than these.
 * @param timeoutMs how long to wait without progress, in milliseconds
 * @returns whether the ranking has every entry; if not, the ranker of the running site will fold the rest
 */
export async function catchUp(db: Database, ranker: Ranker, timeoutMs = 30_000): Promise<boolean> {
  let deadline = performance.now() + timeoutMs;
  for (;;) {
    if ((await ranker.fold()) > 0) deadline = performance.now() + timeoutMs;
    if (!(await isBehind(db))) return true;
    if (performance.now() > deadline) return false;
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
