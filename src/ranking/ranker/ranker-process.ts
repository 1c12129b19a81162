import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Logger } from 'pino';
import { type Database, isDatabaseAway } from '../../database.js';
import { thinHistory } from './history-thinning.js';
import { noteYesterday } from './previous-ranks.js';
import { Ranker } from './ranker.js';
import type { OnFailure } from './retries.js';

// Any number will do, as long as nothing else on this database locks it.
const ADVISORY_LOCK = 7_468_497;
// How long the connection that holds the lock may be silent, in a transaction or not, or leave an answer unread, before
// Postgres ends it (https://www.postgresql.org/docs/current/runtime-config-client.html). It says something four times a
// second. A lower limit would take a slow computer for a frozen one.
const FROZEN_AFTER = '2s';
const RETRY_MS = 500;
const PAUSE_MS = 250;
const HOUR_MS = 3_600_000;

/** A ranker at work; `stop` lets it finish what it is folding. */
export interface RankerProcess {
  stop(): Promise<void>;
}

/**
 * Keeps the ratings up with the ledger, about four times a second. Of several processes one does it: the one
 * that holds an advisory lock, for as long as its connection lives; another takes over within a second, or
 * within three seconds when the process is frozen. The ratings are written over that connection, so not without the lock.
 * @param shared false on the embedded database, whose only connection must not be held, and need not be
 */
export function startRanker(db: Database, shared: boolean, log: Logger): RankerProcess {
  const stopping = new AbortController();
  const work = run(db, shared, log, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await work;
    },
  };
}

async function run(db: Database, shared: boolean, log: Logger, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    try {
      if (shared) await db.connection().execute((connection) => lead(db, connection, { log, stop }));
      else await foldUntil(db, db, { log, stop });
    } catch (error) {
      log.warn({ err: error }, 'the ranker was interrupted and tries again');
    }
    await pause(RETRY_MS, stop);
  }
}

interface Work {
  log: Logger;
  stop: AbortSignal;
}

async function lead(db: Database, connection: Database, work: Work): Promise<void> {
  const { rows } = await sql`
    select set_config('idle_session_timeout', ${FROZEN_AFTER}, false),
      set_config('idle_in_transaction_session_timeout', ${FROZEN_AFTER}, false),
      set_config('tcp_user_timeout', ${FROZEN_AFTER}, false)
    from (select pg_try_advisory_lock(${ADVISORY_LOCK}) as leads offset 0) as lock where leads`.execute(
    connection,
  );
  if (rows.length === 0) return;
  try {
    await foldUntil(db, connection, work);
  } finally {
    await sql`select pg_advisory_unlock(${ADVISORY_LOCK})`.execute(connection);
    // The pool lends the connection to others afterwards, unless it has ended.
    await sql`reset idle_session_timeout`.execute(connection);
    await sql`reset idle_in_transaction_session_timeout`.execute(connection);
    await sql`reset tcp_user_timeout`.execute(connection);
  }
}

async function foldUntil(db: Database, writer: Database, { log, stop }: Work): Promise<void> {
  const onFailure: OnFailure = (topicId, error) => {
    if (isDatabaseAway(error)) throw error;
    log.error({ err: error, topicId }, 'the ranking of a topic failed and is tried again later');
  };
  const ranker = new Ranker(db, { writer, onFailure });
  let chores: Promise<void> = Promise.resolve();
  let begun = 0;
  try {
    while (!stop.aborted) {
      await ranker.fold({ patient: true });
      if (Date.now() - begun >= HOUR_MS) {
        begun = Date.now();
        chores = doChores(db, ranker, { log, onFailure });
      }
      await pause(PAUSE_MS, stop);
    }
  } finally {
    // The pool lends the connection to others afterwards: nothing may still write over it then.
    await ranker.settled();
    await chores;
  }
}

async function doChores(
  db: Database,
  ranker: Ranker,
  { log, onFailure }: { log: Logger; onFailure: OnFailure },
): Promise<void> {
  try {
    await noteYesterday(db, onFailure);
    await ranker.refitDaily();
    await thinHistory(db);
  } catch (error) {
    log.error({ err: error }, 'the work of every hour failed and is tried again in an hour');
  }
}

async function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal: stop }).catch(() => undefined);
}
