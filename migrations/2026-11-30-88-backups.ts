import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** When backups were made, so that the check of the site can say how old the last one is. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    create table backups (
      id bigint generated always as identity primary key,
      taken_at timestamptz not null default now(),
      bytes bigint not null check (bytes > 0)
    )`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table backups`.execute(db);
}
