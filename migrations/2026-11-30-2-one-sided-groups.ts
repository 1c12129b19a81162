import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Votes of a group that pushes one thing count less, and operators are told of such a push. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table vote_weights drop constraint vote_weights_reason_check,
      add check (reason in ('skipping', 'asked', 'one-sided'))`.execute(db);
  await sql`create index on voters (network_group) where network_group is not null`.execute(db);
  // The mean of the last fit, which later votes do not move.
  await sql`alter table ratings add column fitted_mean double precision not null default 0`.execute(db);
  await sql`update ratings set fitted_mean = mean`.execute(db);

  // How far the votes of a group of several voters lean towards a thing, by what was expected when they came. Only the
  // ranker writes it.
  await sql`
    create table group_leans (
      topic_id bigint not null references topics (id),
      network_group text not null,
      thing_id bigint not null references things (id),
      sum double precision not null,
      variance double precision not null,
      primary key (network_group, topic_id, thing_id)
    ) with (fillfactor = 70)`.execute(db);

  // What operators should know of. Rows are only added.
  await sql`
    create table site_events (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      kind text not null check (kind in ('one-sided votes')),
      topic_id bigint references topics (id),
      thing_id bigint references things (id),
      details json not null
    )`.execute(db);
  await sql`create index on site_events (topic_id, thing_id, at)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table site_events, group_leans`.execute(db);
  await sql`alter table ratings drop column fitted_mean`.execute(db);
  await sql`drop index voters_network_group_idx`.execute(db);
  await sql`delete from vote_weights where reason = 'one-sided'`.execute(db);
  await sql`
    alter table vote_weights drop constraint vote_weights_reason_check,
      add check (reason in ('skipping', 'asked'))`.execute(db);
}
