import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database.js';
import type { RowProblem, RowProblems } from './row-problems.js';

/**
 * Runs an import on one connection, whose temporary tables hold the rows of a file while they are checked.
 * Short statements fill them, so even a large file needs no long write transaction that keeps the ranker
 * waiting. Imports into the same topic run one after the other.
 * @param tables names of the temporary tables; they are dropped before and after
 * @param work must use only the connection that it gets, because the embedded database has no other
 */
export async function withStagingTables<Result>(
  db: Database,
  { slug, tables }: { slug: string; tables: string[] },
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
      // These fail when the connection is lost. Postgres has then cleaned up, and the first error must be the
      // one thrown.
      await dropTables(connection, tables).catch(() => undefined);
      for (const [name] of SETTINGS)
        await sql`reset ${sql.id(name)}`.execute(connection).catch(() => undefined);
      await sql`select pg_advisory_unlock(${lock})`.execute(connection).catch(() => undefined);
    }
  });
}

const SETTINGS = [
  // The address of the database may set a limit, but the wait for another import may take minutes.
  ['statement_timeout', '0'],
  // The sorts and hashes of a large file stay in memory.
  ['work_mem', '64MB'],
  // Foreign keys are checked by index in small topics too.
  ['random_page_cost', '1.1'],
] as const;

async function dropTables(connection: Database, tables: string[]): Promise<void> {
  for (const table of tables) await sql`drop table if exists ${sql.id('pg_temp', table)}`.execute(connection);
}

/**
 * Writes batches to a staging table, and reads the next batch during each write.
 * @throws what reading or writing throws, after the current write has ended
 */
export async function stageBatches<Batch>(
  batches: AsyncIterable<Batch>,
  write: (batch: Batch) => Promise<void>,
): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches) {
      await writing;
      writing = write(batch);
      // The next batch awaits this write. Until then Node must not report a failure as unhandled.
      writing.catch(() => undefined);
    }
  } finally {
    await writing;
  }
}

/**
 * Adds a problem for each row that a query finds.
 * @param invalidRows selects `row_no` and the columns that `describe` needs
 * @param describe names the problem of one row
 */
export async function reportInvalidRows<Invalid extends object>(
  connection: Database,
  problems: RowProblems,
  {
    invalidRows,
    describe,
  }: { invalidRows: RawBuilder<Invalid>; describe: (row: Invalid) => Omit<RowProblem, 'row'> },
): Promise<void> {
  const { rows } = await sql<Invalid & { rowNo: number; total: number }>`
    select invalid.*, (count(*) over ())::int as total from (${invalidRows}) as invalid
    order by row_no limit 20`.execute(connection);
  for (const row of rows) problems.add({ row: row.rowNo, ...describe(row) });
  problems.addUnlisted((rows[0]?.total ?? 0) - rows.length);
}
