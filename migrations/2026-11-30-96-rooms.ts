import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Votes with people present: a topic can pause, and has a short code to type. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table topics
      drop constraint topics_phase_check,
      add constraint topics_phase_check check (phase in ('draft', 'open', 'paused', 'closed')),
      add column code text unique check (code ~ '^[2-9BCDFGHJKMNPQRSTVWXZ]{8}$'),
      add constraint topics_code_not_invited check (code is null or access <> 'invited')`.execute(db);
  // The same rule as phaseAt in catalog/phase.ts.
  await sql`
    create or replace function topic_phase(phase text, opens_at timestamptz, closes_at timestamptz, at timestamptz)
    returns text language sql immutable as $$
      select case
        when phase = 'closed' or (closes_at <= at and (phase <> 'draft' or opens_at <= at)) then 'closed'
        when phase = 'draft' and opens_at <= at then 'open'
        else phase end
    $$`.execute(db);
  await sql`drop index topics_with_schedule`.execute(db);
  await sql`
    create index topics_with_schedule on topics (id) where (phase = 'draft' and opens_at is not null)
      or (phase in ('open', 'paused') and closes_at is not null)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`update topics set phase = 'open' where phase = 'paused'`.execute(db);
  await sql`drop index topics_with_schedule`.execute(db);
  await sql`
    create index topics_with_schedule on topics (id)
    where (phase = 'draft' and opens_at is not null) or (phase = 'open' and closes_at is not null)`.execute(
    db,
  );
  await sql`
    create or replace function topic_phase(phase text, opens_at timestamptz, closes_at timestamptz, at timestamptz)
    returns text language sql immutable as $$
      select case
        when phase = 'closed' or (closes_at <= at and (phase = 'open' or opens_at <= at)) then 'closed'
        when phase = 'open' or opens_at <= at then 'open'
        else 'draft' end
    $$`.execute(db);
  await sql`
    alter table topics drop column code, drop constraint topics_phase_check,
      add constraint topics_phase_check check (phase in ('draft', 'open', 'closed'))`.execute(db);
}
