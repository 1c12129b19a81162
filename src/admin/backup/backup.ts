import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { sql } from 'kysely';
import type { Config } from '../../config.js';
import { type Database, openDatabase } from '../../database.js';
import { dumpEmbedded } from '../../embedded.js';
import { findTool, majorVersion, runTool } from './postgres-tools.js';

/**
 * Writes a backup of the database to a file that only its owner can read, and records that it was made. A Postgres
 * server is dumped as it is at one moment, while the site runs. The embedded database must be stopped: only one
 * process can open it.
 * @param file is not replaced when it exists
 * @returns the bytes of the file
 * @throws Error when the file exists, the site has the embedded database open, or pg_dump is missing or fails
 */
export async function backUp(config: Config, file: string): Promise<number> {
  if (existsSync(file)) throw new Error(`${file} exists: name another file`);
  const unfinished = `${file}.unfinished`;
  // Nobody else may read it, also while it grows.
  closeSync(openSync(unfinished, 'w', 0o600));
  chmodSync(unfinished, 0o600);
  try {
    if (config.databaseUrl)
      await dumpServer(config, config.databaseDirectUrl ?? config.databaseUrl, unfinished);
    else writeFileSync(unfinished, await dumpEmbedded(config.dataDir));
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
  const { size } = statSync(file);
  await withDatabase(config, (db) => recordBackup(db, size));
  return size;
}

async function dumpServer(config: Config, databaseUrl: string, file: string): Promise<void> {
  const version = await withDatabase(config, majorVersion);
  const program = await findTool('pg_dump', version);
  await runTool(program, ['--format=custom', '--no-owner', '--no-privileges', `--file=${file}`], databaseUrl);
}

// The tables may be older than this program, because people back up before they update.
async function recordBackup(db: Database, bytes: number): Promise<void> {
  const { rows } = await sql<{ known: boolean }>`select to_regclass('backups') is not null as known`.execute(
    db,
  );
  if (rows[0]?.known) await db.insertInto('backups').values({ bytes }).execute();
}

async function withDatabase<Result>(
  config: Config,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = await openDatabase(config, () => undefined);
  try {
    return await work(db);
  } finally {
    await db.destroy();
  }
}
