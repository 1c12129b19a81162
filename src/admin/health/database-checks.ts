import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { count, moment } from '../../http/format.js';
import { pendingMigrations } from '../../migrate.js';
import { broken, type Finding, fine, type HealthSources, look } from './check.js';

const [OLDEST_POSTGRES, NEWEST_POSTGRES] = [14, 18];

/** What Postgres says of itself. */
interface PostgresFigures {
  version: string;
  major: number;
  megabytes: number;
  /** The settings `fsync` and `synchronous_commit`: `on on`. */
  writes: string;
}

/** Tells the version and the size of the database, and whether Postgres writes before it answers. */
export async function checkPostgres(db: Database, { config }: HealthSources): Promise<Finding> {
  const { rows } = await sql<PostgresFigures>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      current_setting('server_version_num')::int / 10000 as major,
      pg_database_size(current_database()) / 1000000 as megabytes,
      current_setting('fsync') || ' ' || current_setting('synchronous_commit') as writes`.execute(db);
  const figures = rows[0] as PostgresFigures;
  return config.databaseUrl
    ? findingOfServer(figures)
    : fine(`The embedded Postgres ${figures.version}, ${figures.megabytes} MB.`);
}

/** Judges what a Postgres server says of itself. */
export function findingOfServer({ version, major, megabytes, writes }: PostgresFigures): Finding {
  const finding = `Postgres ${version}, ${megabytes} MB.`;
  if (major < OLDEST_POSTGRES) return broken(finding, `Update Postgres to ${OLDEST_POSTGRES} or newer.`);
  if (/off/.test(writes))
    return look(
      `${finding} It answers before it has written.`,
      'Switch on fsync and synchronous_commit, or a crash loses votes.',
    );
  if (major > NEWEST_POSTGRES)
    return look(finding, `Update Thinga: this version was tested with Postgres up to ${NEWEST_POSTGRES}.`);
  return fine(finding);
}

/** Tells whether the tables are those of this version. */
export async function checkTables(db: Database): Promise<Finding> {
  const pending = await pendingMigrations(db).catch((error: Error) => error);
  if (pending instanceof Error)
    return broken(`${pending.message}.`, 'Run the version of Thinga that belongs to the database.');
  if (pending.length === 0) return fine('They are up to date.');
  return look(`${count(pending.length, 'migration')} to run.`, 'Run npm run migrate, or start the site.');
}

const [LOOK_SECONDS, BROKEN_SECONDS] = [1, 60];

/** Compares the clock of this machine with that of the database. Sessions and ballots are dated by both. */
export async function checkClock(db: Database): Promise<Finding> {
  const before = Date.now();
  const { rows } = await sql<{ now: number }>`
    select extract(epoch from clock_timestamp())::float8 * 1000 as now`.execute(db);
  const after = Date.now();
  // The database read its clock at some moment in between.
  const now = rows[0]?.now ?? before;
  return findingOfClocks(Math.max(before - now, now - after, 0) / 1_000);
}

/** Judges by how many seconds the clocks differ. */
export function findingOfClocks(seconds: number): Finding {
  const finding = `This machine and the database differ by ${seconds.toFixed(1)} seconds.`;
  if (seconds < LOOK_SECONDS) return fine('This machine and the database agree.');
  const advice = 'Set both clocks by NTP.';
  return seconds < BROKEN_SECONDS ? look(finding, advice) : broken(finding, advice);
}

const BACKUP_DAYS = 7;

/** Tells when the last backup was made by command. */
export async function checkBackup(db: Database): Promise<Finding> {
  const advice =
    'Run npm run backup each day and keep the file on another machine, or back up in your own way.';
  const { rows: tables } = await sql<{ known: boolean }>`
    select to_regclass('backups') is not null as known`.execute(db);
  const { rows } = tables[0]?.known
    ? await sql<{ takenAt: Date; bytes: number; isOld: boolean }>`
        select taken_at, bytes, taken_at < now() - ${`${BACKUP_DAYS} days`}::interval as is_old
        from backups order by id desc limit 1`.execute(db)
    : { rows: [] };
  const [last] = rows;
  if (!last) return look('npm run backup has made none.', advice);
  const finding = `The last one is of ${moment(last.takenAt)}, ${(last.bytes / 1e6).toFixed(1)} MB.`;
  return last.isOld ? look(finding, advice) : fine(finding);
}
