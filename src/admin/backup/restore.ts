import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { sql } from 'kysely';
import { forgetUnconfirmed } from '../../auth/email/addresses.js';
import { endAllSessions } from '../../auth/sessions/end-sessions.js';
import type { Config } from '../../config.js';
import { type Database, openDatabase, type Transaction } from '../../database.js';
import { restoreEmbedded } from '../../embedded.js';
import { createLog } from '../../log.js';
import { migrateUp } from '../../migrate.js';
import { renewLedger } from '../../ranking/ranker/adopt-ledger.js';
import { deleteKeys, openRedis } from '../../redis.js';
import { findTool, majorVersion, runTool } from './postgres-tools.js';

/**
 * Restores a backup into an empty database, and makes it ready for a site: the tables are brought up to date, the order
 * of the ledger is renewed, all sessions and all links into accounts end, and what Redis holds of the site is deleted.
 * A restore that is refused changes neither store.
 * @param prefix begins the keys of the site in Redis
 * @returns how many sessions were ended
 * @throws Error when the database is not empty, when the file is of another kind of database, or pg_restore fails
 */
export async function restore(config: Config, file: string, prefix: string): Promise<number> {
  if (!existsSync(file)) throw new Error(`${file}: there is no such file`);
  await refuseOtherKind(config, file);
  // Opened first: a Redis that does not answer must not leave a database that is only half prepared.
  const redis = config.redisUrl ? await openRedis(config.redisUrl, createLog('silent')) : undefined;
  try {
    return await restoreDatabase(config, file, () => redis && deleteKeys(redis, prefix));
  } finally {
    redis?.disconnect();
  }
}

async function restoreDatabase(
  config: Config,
  file: string,
  deleteOldState: () => Promise<void> | undefined,
): Promise<number> {
  if (!config.databaseUrl) await restoreEmbedded(config.dataDir, new Blob([readFileSync(file)]));
  const db = await openDatabase(config, () => undefined);
  try {
    if (config.databaseUrl) await restoreServer(db, config.databaseDirectUrl ?? config.databaseUrl, file);
    await deleteOldState();
    await migrateUp(db);
    await db.transaction().execute(renewLedger);
    await skipVoterIds(db);
    await db.transaction().execute(endLinks);
    const ended = await endAllSessions(db, 'operator');
    await sql`analyze`.execute(db);
    return ended;
  } finally {
    await db.destroy();
  }
}

async function restoreServer(db: Database, databaseUrl: string, file: string): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace limit 1`.execute(db);
  if (rows.length > 0)
    throw new Error(
      'the database has tables already: create an empty one (createdb), and name it in DATABASE_URL',
    );
  const program = await findTool('pg_restore', await majorVersion(db));
  // Everything or nothing, so that a restore that failed can be tried again.
  await runTool(
    program,
    ['--single-transaction', '--exit-on-error', '--no-owner', '--no-privileges', file],
    databaseUrl,
  );
}

async function refuseOtherKind({ databaseUrl }: Config, file: string): Promise<void> {
  const handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(5), 0, 5, 0).finally(() => handle.close());
  const isDump = buffer.toString('latin1') === 'PGDMP';
  if (isDump && !databaseUrl)
    throw new Error(`${file} is of a Postgres server: set DATABASE_URL to an empty database on one`);
  if (!isDump && databaseUrl)
    throw new Error(
      `${file} is not a dump of a Postgres server: a backup of the embedded database needs DATA_DIR alone`,
    );
}

// The cookies of guests who came after the backup name ids that would be given to others.
async function skipVoterIds(db: Database): Promise<void> {
  await sql`
    select setval(pg_get_serial_sequence('voters', 'id'), (select coalesce(max(id), 0) from voters) + 1000000)`.execute(
    db,
  );
}

// Each of them may have been used after the backup, and works once.
async function endLinks(trx: Transaction): Promise<void> {
  await trx.deleteFrom('resetLinks').execute();
  await trx.deleteFrom('passkeyChallenges').execute();
  await forgetUnconfirmed(trx, 'all');
  await trx.updateTable('siteSettings').set({ claimHash: null, claimExpiresAt: null }).execute();
}
