import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.js';
import type { Problem, Problems } from './row-problems.js';

/**
 * Lends one connection on which temporary tables can hold a file's rows while they are checked: a file of any
 * size goes there in short steps, so that no write transaction stays open and keeps the ranker waiting.
 * Imports into the same topic take turns.
 * @param tables the names of the temporary tables, which are gone before and after
 * @param work may use nothing but the connection it is given: the embedded database has no other
 */
export async function onStage<Result>(
  db: Database,
  slug: string,
  tables: string[],
  work: (connection: Database) => Promise<Result>,
): Promise<Result> {
  return db.connection().execute(async (connection) => {
    const lock = sql`hashtextextended(${`thinga import ${slug}`}, 0)`;
    try {
      for (const [name, value] of SETTINGS)
        await sql`select set_config(${name}, ${value}, false)`.execute(connection);
      await sql`select pg_advisory_lock(${lock})`.execute(connection);
      await dropTables(connection, tables);
      return await work(connection);
    } finally {
      // With the connection lost, Postgres has done all this; what went wrong before is what should be heard of.
      await dropTables(connection, tables).catch(() => undefined);
      for (const [name] of SETTINGS)
        await sql`reset ${sql.id(name)}`.execute(connection).catch(() => undefined);
      await sql`select pg_advisory_unlock(${lock})`.execute(connection).catch(() => undefined);
    }
  });
}

// Sorts and hashes of a large file stay in memory, and foreign keys are checked by index in small topics as well.
const SETTINGS = [
  // Also where the address of the database has a limit: the wait for another import may take minutes.
  ['statement_timeout', '0'],
  ['work_mem', '64MB'],
  ['random_page_cost', '1.1'],
] as const;

/**
 * Writes batches to the stage, and reads the next one while one is being written.
 * @throws what reading or writing throws, after the write under way has ended
 */
export async function stageAll<Batch>(
  batches: AsyncIterable<Batch>,
  write: (batch: Batch) => Promise<void>,
): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches) {
      await writing;
      writing = write(batch);
      // It is waited for at the next batch; until then Node must not take a failure for one that nobody sees.
      writing.catch(() => undefined);
    }
  } finally {
    await writing;
  }
}

/**
 * Notes the rows that a query finds fault with.
 * @param faults selects `row_no` and what else `name` needs
 * @param name says what is wrong with one of them
 */
export async function noteFaults<Fault extends object>(
  connection: Database,
  problems: Problems,
  faults: RawBuilder<Fault>,
  name: (fault: Fault) => Omit<Problem, 'row'>,
): Promise<void> {
  const { rows } = await sql<Fault & { rowNo: number; total: number }>`
    select faults.*, (count(*) over ())::int as total from (${faults}) as faults
    order by row_no limit 20`.execute(connection);
  for (const fault of rows) problems.add({ row: fault.rowNo, ...name(fault) });
  problems.addUnseen((rows[0]?.total ?? 0) - rows.length);
}

async function dropTables(connection: Database, tables: string[]): Promise<void> {
  for (const table of tables) await sql`drop table if exists ${sql.id('pg_temp', table)}`.execute(connection);
}
