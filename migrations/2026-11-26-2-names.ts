import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // No two people have names that look alike. Names from before this rule may: the site fills in the skeletons at its
  // next start, and where two look alike already the younger name stays without.
  await sql`alter table users add column name_skeleton text unique`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table users drop column name_skeleton`.execute(db);
}
