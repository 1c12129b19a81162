import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // Who says "I don't know this one" skips the pair, and is not shown that thing again while the vote stands.
  await sql`
    alter table votes add column unknown text
      check (unknown in ('left', 'right')), add check (unknown is null or outcome = 'skip')`.execute(db);
  await sql`
    create index unknown_to_voter on votes (voter, topic_id) where unknown is not null and withdrawn_at is null`.execute(
    db,
  );
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table votes drop column unknown`.execute(db);
}
