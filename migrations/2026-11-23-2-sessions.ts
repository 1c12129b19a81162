import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // A session on which its owner's password was guessed ends for a reason of its own.
  await sql`
    alter table sessions drop constraint sessions_end_reason_check,
      add constraint sessions_end_reason_check check (end_reason in ('logout', 'revoked', 'idle', 'absolute',
        'password', 'fingerprint', 'limit', 'account', 'operator', 'guesses'))`.execute(db);
  // When the id was last changed: a log-out that was sent with the one before is honoured for a moment only.
  await sql`alter table sessions add column rotated_at timestamptz`.execute(db);
  await sql`update sessions set rotated_at = last_seen_at where previous_token_hash is not null`.execute(db);
  await sql`
    alter table sessions add check ((rotated_at is null) = (previous_token_hash is null))`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table sessions drop column rotated_at`.execute(db);
  await sql`update sessions set end_reason = 'revoked' where end_reason = 'guesses'`.execute(db);
  await sql`
    alter table sessions drop constraint sessions_end_reason_check,
      add constraint sessions_end_reason_check check (end_reason in ('logout', 'revoked', 'idle', 'absolute',
        'password', 'fingerprint', 'limit', 'account', 'operator'))`.execute(db);
}
