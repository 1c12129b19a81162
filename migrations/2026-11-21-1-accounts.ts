import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`
    create table voters (
      id bigint generated always as identity primary key,
      imported_as text unique,
      created_at timestamptz not null default now()
    )`.execute(db);

  // A member's user id is their voter id, so a vote needs one foreign key whoever cast it,
  // and closing an account can leave nameless votes behind.
  await sql`
    create table users (
      id bigint primary key references voters (id),
      username text not null check (char_length(username) between 2 and 30),
      username_key text not null unique,
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
      client_fingerprint text not null check (client_fingerprint ~ '^[0-9a-f]{64}$'),
      status session_status not null default 'active',
      remembered boolean not null,
      created_at timestamptz not null default now(),
      last_seen_at timestamptz not null default now(),
      expires_at timestamptz not null,
      idle_expires_at timestamptz not null check (idle_expires_at <= expires_at),
      ended_at timestamptz,
      end_reason text check (end_reason in
        ('logout', 'revoked', 'idle', 'absolute', 'password', 'fingerprint', 'limit', 'account', 'operator')),
      device text not null,
      address text not null,
      check ((status = 'active') = (ended_at is null) and (ended_at is null) = (end_reason is null))
    )`.execute(db);
  // The id before the last change of it opens nothing, but a log-out that was sent with it is honoured.
  await sql`create index on sessions (previous_token_hash) where previous_token_hash is not null`.execute(db);
  await sql`create index on sessions (user_id, created_at desc)`.execute(db);
  await sql`create index on sessions (idle_expires_at) where status = 'active'`.execute(db);

  await sql`
    create table session_events (
      id bigint generated always as identity primary key,
      user_id bigint references users (id),
      session_id bigint references sessions (id),
      kind text not null,
      at timestamptz not null default now(),
      device text,
      address text,
      reason text
    )`.execute(db);
  await sql`create index on session_events (user_id, id desc)`.execute(db);
  await sql`
    create function refuse_change() returns trigger language plpgsql as $$
    begin
      -- Whoever closes their account takes what happened to them along.
      if tg_op = 'DELETE' and tg_table_name = 'session_events'
        and current_setting('thinga.closing_account', true) = to_jsonb(old) ->> 'user_id' then
        return old;
      end if;
      raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
    end $$`.execute(db);
  await sql`
    create trigger session_events_append_only before update or delete on session_events
    for each row execute function refuse_change()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table session_events, sessions`.execute(db);
  await sql`drop type session_status`.execute(db);
  await sql`drop function refuse_change`.execute(db);
  await sql`drop table users, voters`.execute(db);
}
