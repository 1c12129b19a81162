import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { count, number } from '../../http/format.js';
import { isRankerWorking } from '../../ranking/ranker/ranker-process.js';
import { broken, type Finding, fine, type HealthSources, look } from './check.js';

const MOST_COUNTED = 10_000;

/** Tells whether a ranker works, and how many votes it has not read yet. */
export async function checkRanking(db: Database, { config }: HealthSources): Promise<Finding> {
  const { waiting, isForeign, stale } = await readLag(db);
  if (isForeign)
    return broken(
      'The votes have transaction ids of another server.',
      'Restart the site, which renews the order of the votes.',
    );
  const wait = waiting === MOST_COUNTED ? `${number(MOST_COUNTED)} votes or more` : count(waiting, 'vote');
  // The embedded database has one process, which ranks.
  if (config.databaseUrl && !(await isRankerWorking(db))) {
    const advice = 'Start the site, or npm run ranker where RANKER is none.';
    return waiting === 0
      ? look('No ranker works, and no vote waits.', advice)
      : broken(`No ranker works. To read: ${wait}.`, advice);
  }
  if (waiting === MOST_COUNTED)
    return look(`To read: ${wait}.`, 'Wait, and end transactions on the Postgres server that stay open.');
  if (stale > 0)
    return look(
      `${count(stale, 'topic')} waited for a fit for more than an hour.`,
      'Look in the log for “the ranking of a topic failed”.',
    );
  return fine(waiting === 0 ? 'It has read every vote.' : `To read: ${wait}.`);
}

/**
 * Reads how many votes the ranker has not read (at most 10,000), whether the votes are of another server, and how many
 * topics have waited for a fit for an hour.
 */
export async function readLag(db: Database): Promise<{ waiting: number; isForeign: boolean; stale: number }> {
  const { rows } = await sql<{ waiting: number; isForeign: boolean; stale: number }>`
    select
      (select count(*) from (
        select from votes where not provisional and (votes.xid, votes.id) > (position.xid, position.id)
        limit ${MOST_COUNTED}) as waiting)::int as waiting,
      position.xid >= pg_snapshot_xmax(pg_current_snapshot()) as is_foreign,
      (select count(*) from boards where stale_since < now() - interval '1 hour')::int as stale
    from ranker_position as position`.execute(db);
  return rows[0] ?? { waiting: 0, isForeign: false, stale: 0 };
}
