import { readdirSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Migration, type MigrationResultSet, Migrator, sql } from 'kysely';
import type { Database } from './database.js';

/**
 * Brings the database's tables to the newest version; several processes may call it at once.
 * @returns the names of the migrations that ran
 * @throws Error naming the migration that failed, of which nothing then remains; or saying what to do with a database
 * that this version can't bring up to date
 */
export async function migrateUp(db: Database): Promise<string[]> {
  await refuseUnknown(db);
  return ran(await migrator(db).migrateToLatest());
}

// A database may know migrations that are gone: the tables were written anew before the first release.
async function refuseUnknown(db: Database): Promise<void> {
  const known = new Set(migrationFiles());
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = rows.find(({ name }) => !known.has(name));
  if (!unknown) return;
  if (unknown.name < FIRST)
    throw new Error(
      'this database was made before the first release: export its topics with the version that made it, ' +
        'start with an empty database or another DATA_DIR, and import them there',
    );
  throw new Error(`this database was made by a newer version: it knows the migration ${unknown.name}`);
}

/** The first of the migrations since the tables were written anew. */
const FIRST = '2026-11-26';

const folder = new URL('../migrations/', import.meta.url);

/** Compiled or not, a migration ends as this file does. */
const EXTENSION = extname(import.meta.url);

const migrationFiles = (): string[] =>
  readdirSync(fileURLToPath(folder))
    .filter((file) => /(?<!\.d)\.[jt]s$/.test(file))
    .map((file) => file.slice(0, -3))
    // An older build may have left its migrations among the compiled ones.
    .filter((name) => name >= FIRST)
    .sort();

/**
 * Takes back the newest migration.
 * @returns its name, or nothing when there was none
 * @throws Error naming the migration that could not be taken back
 */
export async function migrateDown(db: Database): Promise<string[]> {
  return ran(await migrator(db).migrateDown());
}

function migrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: {
      async getMigrations() {
        const migrations: Record<string, Migration> = {};
        for (const name of migrationFiles())
          migrations[name] = (await import(new URL(`${name}${EXTENSION}`, folder).href)) as Migration;
        return migrations;
      },
    },
  });
}

function ran({ error, results }: MigrationResultSet): string[] {
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the set-up';
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`migration ${failed} failed: ${reason}`, { cause: error });
  }
  return (results ?? []).map((result) => result.migrationName);
}
