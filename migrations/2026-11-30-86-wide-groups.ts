import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/**
 * The wider network of a voter: the /48 of an IPv6 address, which one customer can have as a whole. And the groups that
 * admins have set apart.
 */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table voters add column wide_group text check (wide_group ~ '^[0-9a-f]{64}$'),
      add check (wide_group <> network_group)`.execute(db);
  await sql`create index on voters (wide_group) where wide_group is not null`.execute(db);
  // As a group was when an admin set it apart. Its leans go then, because its votes no longer count.
  await sql`
    create table set_apart_groups (
      topic_id bigint not null references topics (id) on delete cascade,
      network_group text not null check (network_group ~ '^[0-9a-f]{64}$'),
      thing_id bigint not null references things (id) on delete cascade,
      deviation double precision not null,
      at timestamptz not null default now(),
      primary key (topic_id, network_group)
    )`.execute(db);
  await sql`create index on set_apart_groups (thing_id)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table set_apart_groups`.execute(db);
  // The leans of wide groups are no leans of a network group.
  await sql`
    delete from group_leans where network_group in (select wide_group from voters where wide_group is not null)`.execute(
    db,
  );
  await sql`alter table voters drop column wide_group`.execute(db);
}
