import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Keeps a confirmed e-mail address until the next one is confirmed. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table email_addresses
      add column new_address text
        check (char_length(new_address) <= 254 and new_address ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
      drop constraint email_addresses_check1,
      add check (new_address is null or confirmed_at is not null),
      add check ((token_hash is null) = (confirmed_at is not null and new_address is null))`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`
    update email_addresses set new_address = null, token_hash = null, token_expires_at = null
    where new_address is not null`.execute(db);
  await sql`
    alter table email_addresses drop column new_address,
      add constraint email_addresses_check1 check ((token_hash is null) = (confirmed_at is not null))`.execute(
    db,
  );
}
