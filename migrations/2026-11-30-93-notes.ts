import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Notes that voters leave with a vote. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table topics add column notes text not null default 'none'
      check (notes in ('none', 'organisers', 'teams'))`.execute(db);

  // The id is random, because one that counts up would tell when a note was written, and so by whom. What its writer
  // was told stays true, whatever the topic is set to later: who reads the note, and whether they learn the name.
  await sql`
    create table vote_notes (
      vote_id bigint primary key references votes (id) on delete cascade,
      id uuid not null unique default gen_random_uuid(),
      topic_id bigint not null references topics (id) on delete cascade,
      note text not null check (char_length(note) between 1 and 280),
      readers text not null check (readers in ('organisers', 'teams')),
      is_named boolean not null
    )`.execute(db);
  await sql`create index on vote_notes (topic_id)`.execute(db);

  // A note goes with its vote, however that is taken back.
  await sql`
    create function notes_go_with_votes() returns trigger language plpgsql as $$
    begin
      delete from vote_notes where vote_id = new.id;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger notes_go_with_votes after update on votes
    for each row when (new.withdrawn_at is not null) execute function notes_go_with_votes()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger notes_go_with_votes on votes`.execute(db);
  await sql`drop function notes_go_with_votes`.execute(db);
  await sql`drop table vote_notes`.execute(db);
  await sql`alter table topics drop column notes`.execute(db);
}
