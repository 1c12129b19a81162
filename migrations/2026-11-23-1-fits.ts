import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`
    create table fits (
      topic_id bigint primary key references topics (id),
      xid xid8 not null,
      id bigint not null,
      votes bigint not null check (votes >= 0),
      spread double precision not null check (spread > 0),
      fitted_at timestamptz not null default now()
    )`.execute(db);
  // What was rated vote by vote so far gets its first fit as soon as a ranker runs.
  await sql`update boards set stale_since = coalesce(stale_since, now())`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table fits`.execute(db);
}
