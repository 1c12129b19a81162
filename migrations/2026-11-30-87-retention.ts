import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Addresses and devices of old sessions can be forgotten. */
export async function up(db: Untyped): Promise<void> {
  await sql`alter table sessions alter column device drop not null, alter column address drop not null`.execute(
    db,
  );
  // For the hourly job, which begins with the oldest rows. A network has a slash.
  await sql`create index sessions_to_shorten on sessions (id) where position('/' in address) = 0`.execute(db);
  await sql`
    create index sessions_to_forget on sessions (id)
    where status <> 'active' and (device is not null or address is not null)`.execute(db);
  await sql`
    create index origins_to_shorten on session_event_origins (event_id) where salt is not null`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop index sessions_to_shorten, sessions_to_forget, origins_to_shorten`.execute(db);
  await sql`
    update sessions set device = coalesce(device, 'unknown'), address = coalesce(address, 'unknown')
    where device is null or address is null`.execute(db);
  await sql`alter table sessions alter column device set not null, alter column address set not null`.execute(
    db,
  );
}
