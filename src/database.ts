import {
  CamelCasePlugin,
  Kysely,
  Transaction as KyselyTransaction,
  PostgresDialect,
  type PostgresPool,
} from 'kysely';
import type { Config } from './config.js';
import { openEmbedded } from './embedded.js';
import { openPostgres, type PoolLimits } from './postgres.js';
import { DatabaseUnavailableError } from './postgres-watchdog.js';
import type { Schema } from './schema.js';

/** Access to every table, on a Postgres server or on the embedded database. */
export type Database = Kysely<Schema>;

/** A transaction that is under way. A function that takes one is safe only inside of it. */
export type Transaction = KyselyTransaction<Schema>;

/** Does work in the transaction that is under way, or else in one of its own. */
export function inTransaction<Result>(
  db: Database | Transaction,
  work: (trx: Transaction) => Promise<Result>,
): Promise<Result> {
  return db instanceof KyselyTransaction ? work(db) : db.transaction().execute(work);
}

/** For migrations, the ranker and commands, which run as long as they need. */
const UNLIMITED: PoolLimits = {
  name: 'background',
  connections: 4,
  statementMs: Infinity,
  // Longer than for pages, so that a busy moment does not stop work of minutes.
  timeouts: { suspectAfter: 1_500, answerWithin: 3_000 },
};

/** For pages: nobody waits longer for one. */
const PAGE_LIMITS: PoolLimits = {
  name: 'pages',
  connections: 10,
  statementMs: 15_000,
  // Half a second together. With the 0.3 s for Redis, a page that needs neither store is there within a
  // second.
  timeouts: { suspectAfter: 150, answerWithin: 300 },
};

/**
 * Opens Postgres at DATABASE_DIRECT_URL or DATABASE_URL, or the embedded database under DATA_DIR when there is
 * none. Its statements have no time limit, and each connection is a session of its own.
 * @param print gets a line when opening takes a while
 * @throws Error when the database does not answer, or another process has the embedded one open
 */
export async function openDatabase(config: Config, print: (line: string) => void): Promise<Database> {
  const { databaseUrl, databaseDirectUrl, databasePooler, dataDir } = config;
  let pool: PostgresPool;
  if (databaseDirectUrl) pool = openPostgres(databaseDirectUrl, UNLIMITED, 'none');
  else if (databaseUrl) pool = openPostgres(databaseUrl, UNLIMITED, databasePooler);
  else pool = await openEmbedded(dataDir, print);
  const db = createKysely(pool);
  try {
    await db.selectNoFrom((no) => no.lit(1).as('alive')).execute();
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/**
 * Opens the same database for pages, at DATABASE_URL. Their statements end after fifteen seconds, and nothing
 * of theirs lives in a session. The embedded database has one connection, so it is returned as it is.
 * @param db from `openDatabase`
 */
export function openDatabaseForPages(db: Database, { databaseUrl, databasePooler }: Config): Database {
  return databaseUrl ? createKysely(openPostgres(databaseUrl, PAGE_LIMITS, databasePooler)) : db;
}

const createKysely = (pool: PostgresPool): Database =>
  new Kysely<Schema>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });

/** Tells whether Postgres refused a row because of the constraint or index with this name. */
export function violatesConstraint(error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}

/** Tells whether an error means that Postgres may be well, but all connections of this process were in use. */
export const isPoolExhausted = (error: unknown): boolean =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect';

/**
 * Tells whether an error means that the database cannot work now, rather than that a statement was wrong. It
 * does not answer or shuts down, its disk or memory is full, it is read-only, or it cancelled the statement.
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html)
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseUnavailableError) return true;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/.test(code) ||
    /^(08|25006|53|57014|57P0|58030)/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|not queryable/i.test(error.message)
  );
}

/** Reads something that a page can do without. @returns the fallback while the database is unavailable */
export async function unlessUnavailable<Answer>(
  fallback: Answer,
  read: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    return fallback;
  }
}
