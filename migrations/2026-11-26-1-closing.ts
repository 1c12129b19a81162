import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

// Closing an account deletes rows that these columns refer to. Without an index Postgres reads each of the tables
// from end to end to make sure that no reference is left.
export async function up(db: Untyped): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(db);
  await sql`create index things_of_person on things (added_by)`.execute(db);
  await sql`create index events_of_session on session_events (session_id)`.execute(db);
  await sql`create index chain_head_of_person on chain_heads (user_id)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index things_of_person, events_of_session, chain_head_of_person`.execute(db);
}
