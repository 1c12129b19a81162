import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Voters who walk from thing to thing. */
export async function up(db: Untyped): Promise<void> {
  // A voter can leave aside what is not there. So in a public topic anybody could choose their pairs.
  await sql`
    alter table topics
      add column in_person boolean not null default false,
      add column visits int not null default 3 check (visits between 1 and 20),
      add constraint topics_in_person_check check (not in_person or access <> 'public')`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table topics drop column in_person, drop column visits`.execute(db);
}
