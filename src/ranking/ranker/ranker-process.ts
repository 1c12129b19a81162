import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { type Database, isDatabaseUnavailable } from '../../database.js';
import { thinHistory } from './history-thinning.js';
import { updatePreviousRanks } from './previous-ranks.js';
import { Ranker } from './ranker.js';
import type { OnFailure } from './retries.js';

// Any number works that nothing else locks on this database.
const ADVISORY_LOCK = 7_468_497;
// Postgres ends the connection that holds the lock when it is silent for so long, inside or outside of a
// transaction, or does not read an answer for so long
// (https://www.postgresql.org/docs/current/runtime-config-client.html). The ranker uses it four times a
// second. With a lower limit a slow computer would look frozen.
const FROZEN_AFTER = '2s';
const RETRY_MS = 500;
const PAUSE_MS = 250;
const HOUR_MS = 3_600_000;

/** A running ranker. */
export interface RankerProcess {
  /** Ends it after it has finished what it is folding. */
  stop(): Promise<void>;
}

/**
 * Updates the ratings from the ledger, about four times a second. Of several processes only one does it: the
 * one whose connection holds an advisory lock. Another takes over within a second after that connection ends,
 * or within three seconds when the process is frozen. The ratings are written over the same connection, so
 * never without the lock.
 * @param isShared whether other processes use the database; false on the embedded one, which has only one
 * connection and needs no lock
 */
export function startRanker(db: Database, isShared: boolean, log: Logger): RankerProcess {
  const stopping = new AbortController();
  const work = run(db, isShared, { log, stop: stopping.signal });
  return {
    async stop() {
      stopping.abort();
      await work;
    },
  };
}

/** Whether some process holds the lock of the ranker on a Postgres server. */
export async function isRankerWorking(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select from pg_locks where locktype = 'advisory' and granted and classid = 0 and objid = ${ADVISORY_LOCK}
      and database = (select oid from pg_database where datname = current_database())`.execute(db);
  return rows.length > 0;
}

interface RunContext {
  log: Logger;
  stop: AbortSignal;
}

async function run(db: Database, isShared: boolean, context: RunContext): Promise<void> {
  while (!context.stop.aborted) {
    try {
      if (isShared) await db.connection().execute((connection) => foldWithLock(db, connection, context));
      else await foldUntilStopped(db, db, context);
    } catch (error) {
      context.log.warn({ err: error }, 'the ranker was interrupted and tries again');
    }
    await pause(RETRY_MS, context.stop);
  }
}

/** Folds while this process has the lock; returns at once when another process has it. */
async function foldWithLock(db: Database, connection: Database, context: RunContext): Promise<void> {
  const { rows } = await sql`
    select set_config('idle_session_timeout', ${FROZEN_AFTER}, false),
      set_config('idle_in_transaction_session_timeout', ${FROZEN_AFTER}, false),
      set_config('tcp_user_timeout', ${FROZEN_AFTER}, false)
    from (select pg_try_advisory_lock(${ADVISORY_LOCK}) as leads offset 0) as lock where leads`.execute(
    connection,
  );
  if (rows.length === 0) return;
  try {
    await foldUntilStopped(db, connection, context);
  } finally {
    await sql`select pg_advisory_unlock(${ADVISORY_LOCK})`.execute(connection);
    // The pool gives the connection to others afterwards, unless it has ended.
    await sql`reset idle_session_timeout`.execute(connection);
    await sql`reset idle_in_transaction_session_timeout`.execute(connection);
    await sql`reset tcp_user_timeout`.execute(connection);
  }
}

async function foldUntilStopped(db: Database, writer: Database, { log, stop }: RunContext): Promise<void> {
  const onFailure: OnFailure = (topicId, error) => {
    if (isDatabaseUnavailable(error)) throw error;
    log.error({ err: error, topicId }, 'the ranking of a topic failed and is tried again later');
  };
  const ranker = new Ranker(db, { writer, onFailure });
  let hourlyWork: Promise<void> = Promise.resolve();
  let startedAt = Number.NEGATIVE_INFINITY;
  try {
    while (!stop.aborted) {
      await ranker.fold({ inBackground: true });
      if (performance.now() - startedAt >= HOUR_MS) {
        startedAt = performance.now();
        hourlyWork = doHourlyWork(db, ranker, { log, onFailure });
      }
      await pause(PAUSE_MS, stop);
    }
  } finally {
    // The pool gives the connection to others afterwards, so nothing may still write over it.
    await ranker.backgroundWork();
    await hourlyWork;
  }
}

async function doHourlyWork(
  db: Database,
  ranker: Ranker,
  { log, onFailure }: { log: Logger; onFailure: OnFailure },
): Promise<void> {
  try {
    await updatePreviousRanks(db, onFailure);
    await ranker.refitDaily();
    await thinHistory(db);
  } catch (error) {
    log.error({ err: error }, 'the hourly work failed and is tried again in an hour');
  }
}

async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}
