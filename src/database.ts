import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPool } from 'kysely';
import type { Config } from './config.js';
import { openEmbedded } from './embedded.js';
import { openPostgres, type PoolLimits } from './postgres.js';
import type { Schema } from './schema.js';
import { DatabaseAwayError } from './silence.js';

/** Every table, whether on a Postgres server or on the embedded database. */
export type Database = Kysely<Schema>;

/** What work outside of pages may take: migrations, the ranker and commands run as long as they need. */
const UNLIMITED: PoolLimits = {
  connections: 4,
  statementMs: Infinity,
  // Work of minutes is not thrown away because the machine is busy for a moment.
  patience: { suspectAfter: 1_500, answerWithin: 3_000 },
};

/** What pages may take: nobody waits longer for one. */
const FOR_PAGES: PoolLimits = {
  connections: 10,
  statementMs: 15_000,
  // Half a second together: with the 0.3 s for Redis, a page that needs neither goes on within a second.
  patience: { suspectAfter: 150, answerWithin: 300 },
};

/**
 * Opens Postgres at DATABASE_URL, or the embedded database under DATA_DIR when there is none. Statements run as long
 * as they need.
 * @param say is told what is going on when that takes a while
 * @throws Error when the database does not answer, or another process has the embedded one open
 */
export async function openDatabase(config: Config, say: (line: string) => void): Promise<Database> {
  const db = kysely(
    config.databaseUrl
      ? openPostgres(config.databaseUrl, UNLIMITED)
      : await openEmbedded(config.dataDir, say),
  );
  try {
    await db.selectNoFrom((no) => no.lit(1).as('alive')).execute();
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/**
 * Opens the same database for pages, whose statements end after fifteen seconds. The embedded database has one
 * connection, so it is the one that is open already.
 * @param db from `openDatabase`
 */
export function openForPages(db: Database, { databaseUrl }: Config): Database {
  return databaseUrl ? kysely(openPostgres(databaseUrl, FOR_PAGES)) : db;
}

const kysely = (pool: PostgresPool): Database =>
  new Kysely<Schema>({ dialect: new PostgresDialect({ pool }), plugins: [new CamelCasePlugin()] });

/** Whether Postgres refused a row because of the constraint or index of this name. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}

/**
 * Whether an error means that the database can do nothing now, rather than that a statement was wrong: it is away or
 * shuts down, its disk or memory is full, it may only be read, or it cancelled the statement.
 * (https://www.postgresql.org/docs/current/errcodes-appendix.html)
 */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof DatabaseAwayError) return true;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/.test(code) ||
    /^(08|25006|53|57014|57P0|58030)/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|not queryable/i.test(error.message)
  );
}
