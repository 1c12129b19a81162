import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(db);
  // A thing's latest meetings, whichever side it stood on, are found without reading all of its topic.
  for (const side of ['left_id', 'right_id'])
    await sql`
      create index ${sql.id(`meetings_by_${side}`)} on votes (${sql.id(side)}, id)
      where withdrawn_at is null and outcome <> 'skip'`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index meetings_by_left_id, meetings_by_right_id`.execute(db);
}
