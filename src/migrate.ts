import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Migration, type MigrationResultSet, Migrator } from 'kysely';
import type { Database } from './database.js';

/**
 * Brings the database's tables to the newest version; several processes may call it at once.
 * @returns the names of the migrations that ran
 * @throws Error naming the migration that failed, of which nothing then remains
 */
export async function migrateUp(db: Database): Promise<string[]> {
  return ran(await migrator(db).migrateToLatest());
}

/**
 * Takes back the newest migration.
 * @returns its name, or nothing when there was none
 * @throws Error naming the migration that could not be taken back
 */
export async function migrateDown(db: Database): Promise<string[]> {
  return ran(await migrator(db).migrateDown());
}

function migrator(db: Database): Migrator {
  const folder = new URL('../migrations/', import.meta.url);
  return new Migrator({
    db,
    provider: {
      async getMigrations() {
        const files = readdirSync(fileURLToPath(folder)).filter((file) => /(?<!\.d)\.[jt]s$/.test(file));
        const migrations: Record<string, Migration> = {};
        for (const file of files.sort())
          migrations[file.slice(0, -3)] = (await import(new URL(file, folder).href)) as Migration;
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
