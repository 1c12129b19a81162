import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // How many agree with an answer, and how two things fare against each other, is asked by the pair.
  await sql`
    create index answers_to_pair on votes (least(left_id, right_id), greatest(left_id, right_id))
    where withdrawn_at is null`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index answers_to_pair`.execute(db);
}
