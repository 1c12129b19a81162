import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // People may ask for a pair with a certain thing. Such a vote is not one that chance brought, and is known as that.
  await sql`
    alter table votes drop constraint votes_arm_check,
      add constraint votes_arm check (arm in ('focus', 'explore', 'asked', 'import'))`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`
    alter table votes drop constraint votes_arm,
      add constraint votes_arm_check check (arm in ('focus', 'explore', 'import')) not valid`.execute(db);
}
