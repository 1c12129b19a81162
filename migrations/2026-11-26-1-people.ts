import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Voters, accounts, and the record of sessions. */
export async function up(db: Untyped): Promise<void> {
  // Everybody who can answer. A member has the same id as voter and as user, so a vote needs one foreign key.
  // The voter, without a name, can stay when the account is closed.
  await sql`
    create table voters (
      id bigint generated always as identity primary key,
      kind text not null check (kind in ('member', 'guest', 'invited', 'imported')),
      imported_as text unique,
      network_group text check (network_group ~ '^[0-9a-f]{64}$'),
      created_at timestamptz not null default now(),
      check ((kind = 'imported') = (imported_as is not null))
    )`.execute(db);
  // For the deletion of guests some time after their last vote.
  await sql`create index on voters (created_at) where kind = 'guest'`.execute(db);

  await sql`
    create table users (
      id bigint primary key references voters (id),
      username text not null check (char_length(username) between 2 and 30),
      username_key text not null unique,
      name_skeleton text not null unique,
      password_hash text not null check (char_length(password_hash) = 60),
      role text not null default 'member' check (role in ('member', 'admin')),
      created_at timestamptz not null default now(),
      disabled_at timestamptz
    )`.execute(db);

  await sql`create type session_status as enum ('active', 'inactive', 'expired')`.execute(db);
  await sql`
    create table sessions (
      id bigint generated always as identity primary key,
      public_id uuid not null unique default gen_random_uuid(),
      user_id bigint not null references users (id),
      access_token_hash text not null unique check (access_token_hash ~ '^[0-9a-f]{64}$'),
      previous_token_hash text check (previous_token_hash ~ '^[0-9a-f]{64}$'),
      rotated_at timestamptz,
      client_fingerprint text not null check (client_fingerprint ~ '^[0-9a-f]{64}$'),
      status session_status not null default 'active',
      remembered boolean not null,
      created_at timestamptz not null default now(),
      confirmed_at timestamptz not null,
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null,
      idle_expires_at timestamptz not null check (idle_expires_at <= expires_at),
      ended_at timestamptz,
      end_reason text check (end_reason in ('logout', 'revoked', 'idle', 'absolute', 'password', 'fingerprint',
        'limit', 'account', 'operator', 'guesses')),
      device text not null,
      address text not null,
      check ((status = 'active') = (ended_at is null) and (ended_at is null) = (end_reason is null)),
      check ((rotated_at is null) = (previous_token_hash is null))
    )`.execute(db);
  // A previous session id opens nothing, but a log-out that was sent with it still counts.
  await sql`create index on sessions (previous_token_hash) where previous_token_hash is not null`.execute(db);
  await sql`create index on sessions (user_id, created_at desc)`.execute(db);
  await sql`create index on sessions (idle_expires_at) where status = 'active'`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table sessions`.execute(db);
  await sql`drop type session_status`.execute(db);
  await sql`drop table users, voters`.execute(db);
}
