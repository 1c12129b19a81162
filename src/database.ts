import { createHash } from 'node:crypto';
import { CamelCasePlugin, Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Config } from './config.js';
import { openEmbedded } from './embedded.js';
import type { Schema } from './schema.js';

/** Every table, whether on a Postgres server or on the embedded database. */
export type Database = Kysely<Schema>;

/**
 * Opens Postgres at DATABASE_URL, or the embedded database under DATA_DIR when there is none.
 * @param say is told what is going on when that takes a while
 * @throws Error when the database does not answer, or another process has the embedded one open
 */
export async function openDatabase(config: Config, say: (line: string) => void): Promise<Database> {
  const db = new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: config.databaseUrl ? namedPool(config.databaseUrl) : await openEmbedded(config.dataDir, say),
    }),
    plugins: [new CamelCasePlugin()],
  });
  try {
    await db.selectNoFrom((no) => no.lit(1).as('alive')).execute();
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

/** Whether Postgres refused a row because of the constraint or index of this name. */
export function violates(error: unknown, constraint: string): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === constraint;
}

/** Whether an error means that the database is away, rather than that a statement was wrong. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return (
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|08|57P0|53300)/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|not queryable/i.test(error.message)
  );
}

// Postgres prepares a named statement once a connection and then only runs it: a third of a short query's cost.
function namedPool(url: string): PostgresPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 2_000,
    // A write transaction left open holds the ranker back (docs/ranking.md), so it is not left open for long.
    idle_in_transaction_session_timeout: 30_000,
    // No page waits for ever; the ranker, imports and migrations set themselves none.
    statement_timeout: 15_000,
    types: { getTypeParser },
  });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  return {
    connect: async () => named(await pool.connect()),
    end: () => pool.end(),
  };
}

const wrapped = new WeakMap<pg.PoolClient, PostgresPoolClient>();

function named(client: pg.PoolClient): PostgresPoolClient {
  const known = wrapped.get(client);
  if (known) return known;
  // The pool listens only while a connection is idle; one that breaks while it is lent must not end the process.
  client.on('error', () => undefined);
  const lent = {
    query: (text: string, values: readonly unknown[]) =>
      client.query(values.length > 0 ? { name: statementName(text), text, values: [...values] } : text),
    release: () => client.release(),
  } as unknown as PostgresPoolClient;
  wrapped.set(client, lent);
  return lent;
}

const names = new Map<string, string>();

function statementName(text: string): string {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
}

// Ids and counts stay far below 2^53, so they are numbers here as they are on the embedded database.
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
