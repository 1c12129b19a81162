import { createHash } from 'node:crypto';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { DatabaseAwayError, type Patience, SilenceDetector } from './silence.js';

/** How many connections a pool has at most, and how long a statement may run. */
export interface PoolLimits {
  connections: number;
  /** Milliseconds after which Postgres cancels a statement; Infinity for as long as it takes. */
  statementMs: number;
  /** How long a server that says nothing is waited for. */
  patience: Omit<Patience, 'longest'>;
}

/** The longest limit that Postgres knows, 24 days. Without one the server's own default would hold. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Connections to a Postgres server, lent one by one. A server that does not answer is noticed within a second, and
 * nothing waits for it after that.
 * @param url of the server and its database
 */
export function openPostgres(url: string, { connections, statementMs, patience }: PoolLimits): PostgresPool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    // A write transaction left open holds the ranker back (docs/ranking.md), so it is not left open for long.
    idle_in_transaction_session_timeout: 30_000,
    statement_timeout: Math.min(statementMs, LONGEST_MS),
    // Compiling takes a quarter of a second, and Postgres would sometimes do it for a vote of a millisecond.
    options: '-c jit=off',
    types: { getTypeParser },
  });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => undefined);
  const openProbe = (): pg.Client =>
    new pg.Client({ connectionString: url, connectionTimeoutMillis: 4_000, query_timeout: 2_000 });
  const silence = new SilenceDetector(openProbe, { ...patience, longest: statementMs + 1_000 });
  pool.on('connect', (client) => silence.add(client));
  return {
    connect: () => connect(pool, silence),
    end: () => {
      silence.stop();
      return pool.end();
    },
  };
}

function connect(pool: pg.Pool, silence: SilenceDetector): Promise<PostgresPoolClient> {
  if (silence.isAway) return Promise.reject(new DatabaseAwayError());
  return new Promise((resolve, reject) => {
    const wait = silence.begin(undefined, reject);
    pool.connect().then(
      (client) => {
        if (silence.end(wait)) resolve(lend(client, silence));
        else client.release();
      },
      (error: Error) => {
        silence.end(wait);
        reject(error);
      },
    );
  });
}

const lent = new WeakMap<pg.PoolClient, PostgresPoolClient>();

function lend(client: pg.PoolClient, silence: SilenceDetector): PostgresPoolClient {
  const known = lent.get(client);
  if (known) return known;
  // The pool listens only while a connection is idle; one that breaks while it is lent must not end the process.
  client.on('error', () => undefined);
  const connection = {
    query(text: string, values: readonly unknown[]) {
      const wait = silence.begin(client);
      return client.query(named(text, values)).finally(() => silence.end(wait));
    },
    release: () => client.release(),
  } as unknown as PostgresPoolClient;
  lent.set(client, connection);
  return connection;
}

// Postgres prepares a named statement once a connection and then only runs it: a third of a short query's cost.
const named = (text: string, values: readonly unknown[]): pg.QueryConfig =>
  values.length > 0 ? { name: statementName(text), text, values: [...values] } : { text };

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
