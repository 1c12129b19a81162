import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Passkeys, with which people log in without typing anything (Web Authentication, level 3). */
export async function up(db: Untyped): Promise<void> {
  // The "user handle": authenticators store it beside the passkey, so it must tell nothing about the person.
  await sql`alter table users add column webauthn_id uuid not null unique default gen_random_uuid()`.execute(
    db,
  );
  await sql`
    create table passkeys (
      id bigint generated always as identity primary key,
      user_id bigint not null references users (id) on delete cascade,
      credential_id text not null unique check (credential_id ~ '^[A-Za-z0-9_-]+$'),
      public_key bytea not null,
      counter bigint not null check (counter >= 0),
      transports text[] not null default '{}',
      name text not null check (char_length(name) between 1 and 60),
      created_at timestamptz not null default now(),
      last_used_at timestamptz
    )`.execute(db);
  await sql`create index on passkeys (user_id)`.execute(db);
  // Only hashes: a copy of the database must not let anybody answer a question that is still open.
  await sql`
    create table passkey_challenges (
      challenge_hash text primary key check (challenge_hash ~ '^[0-9a-f]{64}$'),
      scope text not null,
      expires_at timestamptz not null
    )`.execute(db);
  await sql`create index on passkey_challenges (expires_at)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table passkey_challenges, passkeys`.execute(db);
  await sql`alter table users drop column webauthn_id`.execute(db);
}
