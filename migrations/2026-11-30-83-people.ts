import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Why an account is disabled, accounts that wait for approval, links to register with, and an admin who always stays. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table users
      add column disabled_reason text check (char_length(disabled_reason) between 1 and 300),
      add column awaiting_since timestamptz,
      add check (disabled_reason is null or disabled_at is not null),
      add check (awaiting_since is null or role = 'member')`.execute(db);
  await sql`create index users_awaiting on users (awaiting_since) where awaiting_since is not null`.execute(
    db,
  );
  await sql`create index users_admins on users (id) where role = 'admin'`.execute(db);

  // It runs at the end of a transaction. Of two admins who take each other's role, the second one waits for the first.
  await sql`
    create function keep_an_admin() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(hashtext('thinga.keep_an_admin'));
      if not exists (select from users where role = 'admin' and disabled_at is null) then
        raise exception 'the site needs an admin' using errcode = 'restrict_violation';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger users_keep_an_admin after update of role, disabled_at or delete on users
    deferrable initially deferred for each row
    when (old.role = 'admin' and old.disabled_at is null) execute function keep_an_admin()`.execute(db);

  // Each link makes one account.
  await sql`
    create table site_invitations (
      id bigint generated always as identity primary key,
      token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
      note text check (char_length(note) between 1 and 80),
      created_by bigint references users (id) on delete set null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz,
      used_by bigint references users (id) on delete set null,
      revoked_at timestamptz
    )`.execute(db);
  await sql`create index on site_invitations (created_by)`.execute(db);
  await sql`create index on site_invitations (used_by)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table site_invitations`.execute(db);
  await sql`drop trigger users_keep_an_admin on users`.execute(db);
  await sql`drop function keep_an_admin`.execute(db);
  await sql`drop index users_admins`.execute(db);
  await sql`alter table users drop column awaiting_since, drop column disabled_reason`.execute(db);
}
