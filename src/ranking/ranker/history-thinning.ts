import { sql } from 'kysely';
import type { Database } from '../../database.js';

/** For how long rows are kept as they are, and which of the older ones stay: the last of each UTC day or week. */
const STEPS = [
  { step: 'day', length: '24 hours', keptFor: '7 days' },
  { step: 'week', length: '168 hours', keptFor: '365 days' },
] as const;

type Step = (typeof STEPS)[number];

/**
 * Thins the history of all things: of a day that ended more than a week ago, only the last row of each thing stays; of
 * a week (Monday to Sunday, UTC) that ended more than 365 days ago, likewise. Each batch is one transaction. It notes
 * how far it got, so that the next call reads only what is due since then.
 * @param batch how many things a statement thins at most, in one day or week: 400 have at most 9,600 rows a day
 * @param forMs how long to go on; the rest is left for the next call
 * @returns whether all that is due is thinned
 */
export async function thinHistory(db: Database, { batch = 400, forMs = 2_000 } = {}): Promise<boolean> {
  const giveUp = Date.now() + forMs;
  for (const step of STEPS)
    while (await db.transaction().execute((trx) => thinBatch(trx, step, batch)))
      if (Date.now() >= giveUp) return false;
  return true;
}

/** @returns whether anything was due */
async function thinBatch(trx: Database, step: Step, batch: number): Promise<boolean> {
  const reached = await readReached(trx, step);
  if (!reached?.isDue) return false;
  const { begins, ends, thingId } = reached;
  const things = await trx
    .selectFrom('things')
    .select('id')
    .where('id', '>', thingId)
    .orderBy('id')
    .limit(batch)
    .execute();
  const ids = things.map(({ id }) => id);
  // By where the rows lie (ctid): a join would make Postgres read the whole table when it guesses wrong.
  await sql`
    delete from rating_history where ctid = any (array(
      select past.ctid from unnest(${ids}::bigint[]) as thing (id) cross join lateral (
        select ctid, lead(at) over (order by at) as next from rating_history
        where thing_id = thing.id and at >= ${begins} and at < ${ends}) as past
      where next is not null))`.execute(trx);
  const next = ids.length < batch ? { begins: ends, thingId: 0 } : { begins, thingId: ids.at(-1) ?? 0 };
  await trx.updateTable('historyThinning').set(next).where('step', '=', step.step).execute();
  return true;
}

interface Reached {
  begins: Date;
  ends: Date;
  thingId: number;
  isDue: boolean;
}

/** The day or week that is thinned next; undefined while there is no history. */
async function readReached(trx: Database, { step, length, keptFor }: Step): Promise<Reached | undefined> {
  const read = sql<Reached>`
    select begins, begins + ${length}::interval as ends, thing_id,
      begins + ${length}::interval <= now() - ${keptFor}::interval as is_due
    from history_thinning where step = ${step} for update`;
  const { rows } = await read.execute(trx);
  if (rows[0]) return rows[0];
  // The first time, from the oldest row on: one look at the index for each thing.
  await sql`
    insert into history_thinning (step, begins)
    select ${step}::text, date_trunc(${step}::text, min(oldest.at), 'UTC')
    from things cross join lateral (
      select at from rating_history where thing_id = things.id order by at limit 1) as oldest
    having min(oldest.at) is not null`.execute(trx);
  return (await read.execute(trx)).rows[0];
}
