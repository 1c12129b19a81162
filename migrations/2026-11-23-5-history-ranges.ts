import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(db);
  // Empty in what was written before, and until the ranker has found them out.
  await sql`
    alter table rating_history
      add column low integer,
      add column high integer,
      add check ((low is null) = (high is null) and low between 1 and high)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table rating_history drop column low, drop column high`.execute(db);
}
