import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Lets a link by mail and a link from an operator stand beside each other. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table reset_links add column is_mailed boolean not null default false,
      drop constraint reset_links_pkey, add primary key (user_id, is_mailed)`.execute(db);
  await sql`alter table reset_links alter column is_mailed drop default`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`delete from reset_links where is_mailed`.execute(db);
  await sql`
    alter table reset_links drop constraint reset_links_pkey, drop column is_mailed,
      add primary key (user_id)`.execute(db);
}
