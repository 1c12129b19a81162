import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Two ways back into an account whose password is lost: the recovery code, and a link that is sent to its owner. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    create table recovery_codes (
      user_id bigint primary key references users (id) on delete cascade,
      code_hash text not null check (code_hash ~ '^[0-9a-f]{64}$'),
      created_at timestamptz not null default now()
    )`.execute(db);
  // One for each user, so that a new link ends the one before it.
  await sql`
    create table reset_links (
      user_id bigint primary key references users (id) on delete cascade,
      token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
      expires_at timestamptz not null
    )`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table reset_links, recovery_codes`.execute(db);
}
