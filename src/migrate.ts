import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Migration, type MigrationResultSet, Migrator, sql } from 'kysely';
import type { Database } from './database.js';

/**
 * Brings the database's tables to the newest version. Several processes may call it at once.
 * @returns the names of the migrations that ran
 * @throws Error with the name of a migration that failed, which is rolled back
 * @throws Error that says what to do with a database that this version can't bring up to date
 */
export async function migrateUp(db: Database): Promise<string[]> {
  await refuseUnknownMigrations(db);
  return completedMigrations(await createMigrator(db).migrateToLatest());
}

// A database may have migrations that no longer exist, because the tables were written anew before the first
// release.
async function refuseUnknownMigrations(db: Database): Promise<void> {
  const known = new Set(migrationFiles());
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return;
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db);
  const unknown = rows.find(({ name }) => !known.has(name));
  if (!unknown) return;
  if (unknown.name < FIRST_MIGRATION)
    throw new Error(
      'this database was made before the first release: export its topics with the version that made it, ' +
        'start with an empty database or another DATA_DIR, and import them there',
    );
  throw new Error(`this database was made by a newer version: it knows the migration ${unknown.name}`);
}

/** The first migration since the tables were written anew. */
const FIRST_MIGRATION = '2026-11-26';

const folder = new URL('../migrations/', import.meta.url);

const migrationFiles = (): string[] =>
  readdirSync(fileURLToPath(folder))
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -3))
    // An older build may have left its compiled migrations in the folder.
    .filter((name) => name >= FIRST_MIGRATION)
    .sort();

/**
 * Lists the migrations that this version would run.
 * @throws Error that says what to do with a database that this version can't bring up to date
 */
export async function pendingMigrations(db: Database): Promise<string[]> {
  await refuseUnknownMigrations(db);
  const migrations = await createMigrator(db).getMigrations();
  return migrations.filter(({ executedAt }) => !executedAt).map(({ name }) => name);
}

/**
 * Reverts the newest migration.
 * @returns an array with its name, or an empty array when there was none
 * @throws Error with the name of a migration that could not be reverted
 */
export async function migrateDown(db: Database): Promise<string[]> {
  return completedMigrations(await createMigrator(db).migrateDown());
}

function createMigrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: {
      async getMigrations() {
        const migrations: Record<string, Migration> = {};
        for (const name of migrationFiles())
          migrations[name] = (await import(new URL(`${name}.js`, folder).href)) as Migration;
        return migrations;
      },
    },
  });
}

function completedMigrations({ error, results }: MigrationResultSet): string[] {
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the set-up';
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`migration ${failed} failed: ${reason}`, { cause: error });
  }
  return (results ?? []).map((result) => result.migrationName);
}
