import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Names that people had before, and e-mail addresses. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    create table former_names (
      username_key text primary key,
      username text not null check (char_length(username) between 2 and 30),
      name_skeleton text not null,
      user_id bigint not null references users (id) on delete cascade,
      kept_until timestamptz not null
    )`.execute(db);
  await sql`create index on former_names (user_id)`.execute(db);
  await sql`create index on former_names (name_skeleton)`.execute(db);
  // It runs after the row is in the index of names. So it has waited for the change that gave the name up, and sees the
  // row of that change.
  await sql`
    create function refuse_kept_name() returns trigger language plpgsql as $$
    begin
      if exists (
        select from former_names
        where (username_key = new.username_key or name_skeleton = new.name_skeleton)
          and user_id <> new.id and kept_until > now()) then
        raise exception 'this name is kept for the person who had it'
          using errcode = 'unique_violation', constraint = 'users_kept_name';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger users_kept_name after insert or update of username_key, name_skeleton on users
    for each row execute function refuse_kept_name()`.execute(db);

  // Until it is confirmed, an address gets only the link with which its owner confirms it.
  await sql`
    create table email_addresses (
      user_id bigint primary key references users (id) on delete cascade,
      address text not null check (char_length(address) <= 254 and address ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
      confirmed_at timestamptz,
      token_hash text unique check (token_hash ~ '^[0-9a-f]{64}$'),
      token_expires_at timestamptz,
      check ((token_hash is null) = (token_expires_at is null)),
      check ((token_hash is null) = (confirmed_at is not null))
    )`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table email_addresses`.execute(db);
  await sql`drop trigger users_kept_name on users`.execute(db);
  await sql`drop function refuse_kept_name()`.execute(db);
  await sql`drop table former_names`.execute(db);
}
