import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // A session on which its owner's password was guessed ends for a reason of its own.
  await sql`
    alter table sessions drop constraint sessions_end_reason_check,
      add constraint sessions_end_reason_check check (end_reason in ('logout', 'revoked', 'idle', 'absolute',
        'password', 'fingerprint', 'limit', 'account', 'operator', 'guesses'))`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`update sessions set end_reason = 'revoked' where end_reason = 'guesses'`.execute(db);
  await sql`
    alter table sessions drop constraint sessions_end_reason_check,
      add constraint sessions_end_reason_check check (end_reason in ('logout', 'revoked', 'idle', 'absolute',
        'password', 'fingerprint', 'limit', 'account', 'operator'))`.execute(db);
}
