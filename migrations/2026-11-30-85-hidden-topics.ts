import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Topics that admins hide, and the checks of the record of events. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table topics add column hidden_at timestamptz,
      add constraint topics_default_is_seen check (not is_default or hidden_at is null)`.execute(db);

  // Rows are only added.
  await sql`
    create table audit_checks (
      id bigint generated always as identity primary key,
      at timestamptz not null default now(),
      events int not null check (events >= 0),
      chains int not null check (chains >= 0),
      last_event_id bigint,
      finding text
    )`.execute(db);
  // For lists by date. It is tiny, and a log-in hardly notices it.
  await sql`create index session_events_at on session_events using brin (at)`.execute(db);
  await sql`create index on flags (id) where decided_at is null`.execute(db);
  await sql`create index on suggestions (id) where decided_at is null`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index flags_id_idx, suggestions_id_idx, session_events_at`.execute(db);
  await sql`drop table audit_checks`.execute(db);
  await sql`alter table topics drop constraint topics_default_is_seen, drop column hidden_at`.execute(db);
}
