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
      decided bigint not null check (decided between 0 and votes),
      left_wins bigint not null check (left_wins between 0 and decided),
      fitted_at timestamptz not null default now()
    )`.execute(db);
  // A fit reads the votes of one topic in the order of the ledger.
  await sql`create index votes_of_topic on votes (topic_id, xid, id)`.execute(db);
  // How unsure each thing was right after the fit, for whoever computes the ranking again.
  await sql`alter table ratings add column fit_variance double precision check (fit_variance > 0)`.execute(
    db,
  );
  // What was rated vote by vote so far gets its first fit as soon as a ranker runs.
  await sql`update boards set stale_since = coalesce(stale_since, now())`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index votes_of_topic`.execute(db);
  await sql`alter table ratings drop column fit_variance`.execute(db);
  await sql`drop table fits`.execute(db);
}
