import { createHash } from 'node:crypto';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg, { type ClientBase } from 'pg';
import type { Config } from './config.js';
import { DatabaseUnavailableError, PostgresWatchdog, type WatchdogTimeouts } from './postgres-watchdog.js';

/** What a pool of connections is for, and its limits. */
export interface PoolLimits {
  /** Names it in the metrics. */
  name: 'pages' | 'background';
  /** The most connections that are open at once. */
  connections: number;
  /** Milliseconds after which Postgres cancels a statement; Infinity for no limit. */
  statementMs: number;
  /** How long a server that sends nothing is waited for. */
  timeouts: Omit<WatchdogTimeouts, 'maxWait'>;
}

/** The longest limit that Postgres accepts, 24 days. Without a limit, the server's own default would hold. */
const MAX_STATEMENT_MS = 2 ** 31 - 1;

/**
 * Opens a pool of connections to a Postgres server. It notices within a second that the server does not
 * answer, and then fails at once until the server answers again.
 * @param url of the server and its database
 * @param pooler what stands at this address: `none` is Postgres itself
 */
export function openPostgres(
  url: string,
  { name, connections, statementMs, timeouts }: PoolLimits,
  pooler: Config['databasePooler'],
): PostgresPool {
  const settings = {
    // The ranker waits for open write transactions (docs/ranking.md), so none may stay open for long.
    idle_in_transaction_session_timeout: 30_000,
    statement_timeout: Math.min(statementMs, MAX_STATEMENT_MS),
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    // JIT compilation takes a quarter of a second, and Postgres would sometimes do it for a vote of a
    // millisecond.
    ...(pooler === 'none' && { ...settings, options: '-c jit=off' }),
    // PgBouncer refuses these settings when a connection starts. In a session they can be set later.
    ...(pooler === 'session' && {
      onConnect: async (client: ClientBase) => {
        watchdog.add(client as pg.Client);
        watchdog.setProcessId(
          client as pg.Client,
          await configureSession(client, { ...settings, jit: 'off' }),
        );
      },
    }),
    types: { getTypeParser },
  });
  // Without a listener, an idle connection that breaks would end the process. The next query opens another
  // one.
  pool.on('error', () => undefined);
  const createProbe = (): pg.Client =>
    new pg.Client({ connectionString: url, connectionTimeoutMillis: 4_000, query_timeout: 2_000 });
  const watchdog = new PostgresWatchdog(createProbe, { ...timeouts, maxWait: statementMs + 1_000 }, pooler);
  pool.on('connect', (client) => watchdog.add(client));
  const entry = { name, pool, max: connections };
  openPools.add(entry);
  return {
    connect: () => connect({ pool, watchdog, queryConfig: pooler === 'transaction' ? unnamed : named }),
    end: () => {
      openPools.delete(entry);
      watchdog.stop();
      return pool.end();
    },
  };
}

const openPools = new Set<{ name: PoolLimits['name']; pool: pg.Pool; max: number }>();

/** Tells of each open pool how many of its connections are used and idle, and how many callers wait for one. */
export const poolUsage = (): {
  pool: PoolLimits['name'];
  used: number;
  idle: number;
  waiting: number;
  max: number;
}[] =>
  [...openPools].map(({ name, pool, max }) => ({
    pool: name,
    used: pool.totalCount - pool.idleCount,
    idle: pool.idleCount,
    waiting: pool.waitingCount,
    max,
  }));

/** @returns the id of the process that serves the session, which PgBouncer replaces by its own at the start */
async function configureSession(
  client: ClientBase,
  settings: Record<string, string | number>,
): Promise<number> {
  const calls = Object.keys(settings).map((name, index) => `set_config('${name}', $${index + 1}, false)`);
  const { rows } = await client.query<{ pid: number }>(
    `select pg_backend_pid() as pid, ${calls}`,
    Object.values(settings).map(String),
  );
  return rows[0]?.pid ?? 0;
}

interface OpenPool {
  pool: pg.Pool;
  watchdog: PostgresWatchdog;
  queryConfig(text: string, values: readonly unknown[]): pg.QueryConfig;
}

function connect(open: OpenPool): Promise<PostgresPoolClient> {
  const { pool, watchdog } = open;
  if (watchdog.isUnavailable) return Promise.reject(new DatabaseUnavailableError());
  return new Promise((resolve, reject) => {
    const wait = watchdog.begin(undefined, reject);
    pool.connect().then(
      (client) => {
        if (watchdog.end(wait)) resolve(connectionOf(client, open));
        else client.release();
      },
      (error: Error) => {
        watchdog.end(wait);
        reject(error);
      },
    );
  });
}

const connectionsByClient = new WeakMap<pg.PoolClient, PostgresPoolClient>();

function connectionOf(client: pg.PoolClient, { watchdog, queryConfig }: OpenPool): PostgresPoolClient {
  const existing = connectionsByClient.get(client);
  if (existing) return existing;
  // The pool listens only to idle connections. One that breaks while it is in use must not end the process.
  client.on('error', () => undefined);
  const connection = {
    query(text: string, values: readonly unknown[]) {
      const wait = watchdog.begin(client);
      return client.query(queryConfig(text, values)).finally(() => watchdog.end(wait));
    },
    release: () => client.release(),
  } as unknown as PostgresPoolClient;
  connectionsByClient.set(client, connection);
  return connection;
}

// Postgres prepares a named statement once for each connection. That saves a third of a short query's cost.
const named = (text: string, values: readonly unknown[]): pg.QueryConfig =>
  values.length > 0 ? { name: statementName(text), text, values: [...values] } : { text };

// With transaction pooling the next statement may run on a connection that knows no such name.
const unnamed = (text: string, values: readonly unknown[]): pg.QueryConfig =>
  values.length > 0 ? { text, values: [...values] } : { text };

const namesByText = new Map<string, string>();

function statementName(text: string): string {
  let name = namesByText.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url');
    namesByText.set(text, name);
  }
  return name;
}

// Ids and counts stay far below 2^53, so they become numbers, as on the embedded database.
const getTypeParser = ((oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8
    ? Number
    : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;
