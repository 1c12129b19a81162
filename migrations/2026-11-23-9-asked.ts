import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // People may ask for a pair with a certain thing, and visitors answer the pairs of the day: neither is one that
  // chance brought to that person in their turn, and is known as that.
  await sql`
    alter table votes drop constraint votes_arm_check,
      add constraint votes_arm check (arm in ('focus', 'explore', 'asked', 'guest', 'import'))`.execute(db);
  // An answer that was taken back and is given again: it is where, and worth no more than, it was at first.
  await sql`alter table votes add column again boolean not null default false`.execute(db);
  await sql`
    create index taken_back on votes (voter, least(left_id, right_id), greatest(left_id, right_id))
    where withdrawn_at is not null`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index taken_back`.execute(db);
  await sql`alter table votes drop column again`.execute(db);
  await sql`
    alter table votes drop constraint votes_arm,
      add constraint votes_arm_check check (arm in ('focus', 'explore', 'import')) not valid`.execute(db);
}
