import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** What admins set for the whole site, and the link with which the first of them becomes one. */
export async function up(db: Untyped): Promise<void> {
  // One row. Null means the usual: the environment's value where there is a variable, or what is built in.
  await sql`
    create table site_settings (
      singleton boolean primary key default true check (singleton),
      name text check (char_length(name) between 1 and 40),
      light_color text check (light_color ~ '^#[0-9a-f]{6}$'),
      dark_color text check (dark_color ~ '^#[0-9a-f]{6}$'),
      logo text check (logo ~ '^[0-9a-f]{64}-[1-9][0-9]*x[1-9][0-9]*$'),
      logo_hash text generated always as (left(logo, 64)) stored references pictures (hash),
      contact text check (char_length(contact) between 1 and 200),
      registration text check (registration in ('anyone', 'invitation', 'approval', 'nobody')),
      topic_creation text check (topic_creation in ('members', 'admins')),
      version int not null default 1,
      claim_hash text check (claim_hash ~ '^[0-9a-f]{64}$'),
      claim_expires_at timestamptz,
      check ((light_color is null) = (dark_color is null)),
      check ((claim_hash is null) = (claim_expires_at is null))
    )`.execute(db);
  await sql`insert into site_settings default values`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table site_settings`.execute(db);
}
