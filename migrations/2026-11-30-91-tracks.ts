import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Invited voters who only see the things with one tag. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table invitations add column track text check (char_length(track) between 1 and 30)`.execute(db);
  await sql`
    create trigger track_reloads_board after update of voter_id, track on invitations for each row
    when ((old.voter_id, old.track) is distinct from (new.voter_id, new.track)
      and coalesce(old.track, new.track) is not null)
    execute function reload_board()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger track_reloads_board on invitations`.execute(db);
  await sql`alter table invitations drop column track`.execute(db);
}
