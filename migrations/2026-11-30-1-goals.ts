import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** What the votes of a topic should settle, and how far they have come. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table topics add column goal text not null default 'top 20'
      check (goal in ('winner', 'order') or goal ~ '^top ([2-9]|[1-4][0-9]|50)$')`.execute(db);
  // The share of the goal that is expected to be right. Null until the ranker publishes the topic again.
  await sql`
    alter table boards add column expected_share real check (expected_share between 0 and 1)`.execute(db);
  // The same share after earlier numbers of votes. Only the ranker writes it.
  await sql`
    create table goal_progress (
      topic_id bigint not null references topics (id),
      votes bigint not null check (votes > 0),
      expected_share real not null check (expected_share between 0 and 1),
      primary key (topic_id, votes)
    )`.execute(db);
  await sql`update boards set changes = changes + 1`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table goal_progress`.execute(db);
  await sql`alter table boards drop column expected_share`.execute(db);
  await sql`alter table topics drop column goal`.execute(db);
}
