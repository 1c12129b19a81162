import { sql } from 'kysely';
import type { Database, Transaction } from '../../database.js';

/** Rows of a UTC day or week that ended longer ago than `after` are thinned to the last one. */
const STEPS = [
  { step: 'day', length: '24 hours', after: '7 days' },
  { step: 'week', length: '168 hours', after: '365 days' },
] as const;

type Step = (typeof STEPS)[number];

/**
 * Thins the history of all things. Of a day that ended more than a week ago, only the last row of each thing
 * stays. Of a week (Monday to Sunday, UTC) that ended more than 365 days ago, too. Each batch is one
 * transaction, which also writes how far it got. So the next call reads only what has become due since.
 * @param batchSize how many things one statement thins at most, in one day or week: 400 have at most 9,600
 * rows a day
 * @param timeLimitMs after so many milliseconds it stops; the next call does the rest
 * @returns whether everything that is due is thinned
 */
export async function thinHistory(
  db: Database,
  { batchSize = 400, timeLimitMs = 2_000 } = {},
): Promise<boolean> {
  const deadline = performance.now() + timeLimitMs;
  for (const step of STEPS)
    while (await db.transaction().execute((trx) => thinBatch(trx, step, batchSize)))
      if (performance.now() >= deadline) return false;
  return true;
}

/** @returns whether a day or week was due */
async function thinBatch(trx: Transaction, step: Step, batchSize: number): Promise<boolean> {
  const progress = await lockProgress(trx, step);
  if (!progress?.isDue) return false;
  const { begins, ends, thingId } = progress;
  const things = await trx
    .selectFrom('things')
    .select('id')
    .where('id', '>', thingId)
    .orderBy('id')
    .limit(batchSize)
    .execute();
  const ids = things.map(({ id }) => id);
  // By the location of the rows (ctid): with a join, Postgres reads the whole table when its estimate is
  // wrong.
  await sql`
    delete from rating_history where ctid = any (array(
      select past.ctid from unnest(${ids}::bigint[]) as thing (id) cross join lateral (
        select ctid, lead(at) over (order by at) as next from rating_history
        where thing_id = thing.id and at >= ${begins} and at < ${ends}) as past
      where next is not null))`.execute(trx);
  const next = ids.length < batchSize ? { begins: ends, thingId: 0 } : { begins, thingId: ids.at(-1) ?? 0 };
  await trx.updateTable('historyThinning').set(next).where('step', '=', step.step).execute();
  return true;
}

interface Progress {
  /** When the day or week begins that is thinned next. */
  begins: Date;
  ends: Date;
  /** In that day or week, the things up to this id are thinned. */
  thingId: number;
  isDue: boolean;
}

/** How far a step has got; undefined while there is no history. */
async function lockProgress(trx: Transaction, { step, length, after }: Step): Promise<Progress | undefined> {
  const read = sql<Progress>`
    select begins, begins + ${length}::interval as ends, thing_id,
      begins + ${length}::interval <= now() - ${after}::interval as is_due
    from history_thinning where step = ${step} for update`;
  const { rows } = await read.execute(trx);
  if (rows[0]) return rows[0];
  // The first time it begins at the oldest row. This query reads the index once for each thing.
  await sql`
    insert into history_thinning (step, begins)
    select ${step}::text, date_trunc(${step}::text, min(oldest.at), 'UTC')
    from things cross join lateral (
      select at from rating_history where thing_id = things.id order by at limit 1) as oldest
    having min(oldest.at) is not null`.execute(trx);
  return (await read.execute(trx)).rows[0];
}
