import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // Rewritten all day long: room on each page, and no index on what moves, keep the updates in place (HOT).
  await sql`
    create table ratings (
      thing_id bigint primary key references things (id),
      topic_id bigint not null,
      mean double precision not null,
      variance double precision not null check (variance > 0),
      wins integer not null check (wins >= 0),
      losses integer not null check (losses >= 0),
      ties integer not null check (ties >= 0),
      rank integer check (rank > 0),
      previous_rank integer check (previous_rank > 0)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on ratings (topic_id)`.execute(db);

  await sql`
    create table rating_history (
      thing_id bigint not null references things (id),
      at timestamptz not null,
      mean double precision not null,
      variance double precision not null,
      rank integer not null,
      primary key (thing_id, at)
    )`.execute(db);

  await sql`
    create table boards (
      topic_id bigint primary key references topics (id),
      version bigint not null default 1,
      stale_since timestamptz
    ) with (fillfactor = 70)`.execute(db);
  await sql`
    create function add_board() returns trigger language plpgsql as $$
    begin
      insert into boards (topic_id) values (new.id);
      return null;
    end $$`.execute(db);
  await sql`
    create trigger topic_has_board after insert on topics
    for each row execute function add_board()`.execute(db);
  await sql`insert into boards (topic_id) select id from topics`.execute(db);

  await sql`
    create table ranker_position (
      singleton boolean primary key default true check (singleton),
      xid xid8 not null,
      id bigint not null,
      generation bigint not null
    )`.execute(db);
  await sql`insert into ranker_position (xid, id, generation) values ('0', 0, 1)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table ranker_position`.execute(db);
  await sql`drop trigger topic_has_board on topics`.execute(db);
  await sql`drop function add_board`.execute(db);
  await sql`drop table boards, rating_history, ratings`.execute(db);
}
