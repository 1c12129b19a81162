import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Personal links to a topic, owners that are never missing, and guests whose votes counted. */
export async function up(db: Untyped): Promise<void> {
  // Each is the place of one person. A new link clears joined_at, so the voter who came by the old link has to join
  // again.
  await sql`
    create table invitations (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id) on delete cascade,
      token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
      name text not null check (char_length(name) between 1 and 80),
      team text check (char_length(team) between 1 and 80),
      voter_id bigint references voters (id),
      created_at timestamptz not null default now(),
      joined_at timestamptz,
      revoked_at timestamptz,
      unique (topic_id, voter_id),
      check (joined_at is null or voter_id is not null)
    )`.execute(db);
  await sql`create index on invitations (voter_id)`.execute(db);

  // A former guest has signed up or deleted their votes. Some of these counted, so their row stays.
  await sql`alter table voters drop constraint voters_kind_check`.execute(db);
  await sql`
    alter table voters add constraint voters_kind_check
      check (kind in ('member', 'guest', 'invited', 'imported', 'former'))`.execute(db);

  // It runs at the end of a transaction, so that one transaction can hand a topic over.
  await sql`
    create function topic_keeps_owner() returns trigger language plpgsql as $$
    begin
      if exists (select from topic_roles where topic_id = old.topic_id)
        and not exists (select from topic_roles where topic_id = old.topic_id and role = 'owner') then
        raise exception 'a topic in which somebody has a role needs an owner' using errcode = 'restrict_violation';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger topic_keeps_owner after update or delete on topic_roles
    deferrable initially deferred for each row execute function topic_keeps_owner()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger topic_keeps_owner on topic_roles`.execute(db);
  await sql`drop function topic_keeps_owner`.execute(db);
  await sql`drop table invitations`.execute(db);
  await sql`update voters set kind = 'guest' where kind = 'former'`.execute(db);
  await sql`alter table voters drop constraint voters_kind_check`.execute(db);
  await sql`
    alter table voters add constraint voters_kind_check
      check (kind in ('member', 'guest', 'invited', 'imported'))`.execute(db);
}
