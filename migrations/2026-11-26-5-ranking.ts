import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** What the ranker computes from the ledger. Only the ranker writes these tables, and it can rebuild them. */
export async function up(db: Untyped): Promise<void> {
  // How far the ranker has read the ledger. The table has one row.
  await sql`
    create table ranker_position (
      singleton boolean primary key default true check (singleton),
      xid xid8 not null,
      id bigint not null,
      generation bigint not null
    )`.execute(db);
  await sql`insert into ranker_position (xid, id, generation) values ('0', 0, 1)`.execute(db);

  // The weights of votes that do not count fully. A weight is decided once, when the ranker folds the vote.
  await sql`
    create table vote_weights (
      vote_id bigint primary key references votes (id),
      weight double precision not null check (weight >= 0 and weight < 1),
      reason text not null check (reason in ('skipping', 'asked'))
    )`.execute(db);
  // What decides the weight of a voter's next vote, up to the ranker's position.
  await sql`
    create table topic_voters (
      topic_id bigint not null references topics (id),
      voter_id bigint not null references voters (id),
      votes integer not null check (votes >= 0),
      skips integer not null check (skips >= 0),
      latest_at timestamptz not null,
      recent_pairs json not null,
      primary key (topic_id, voter_id)
    ) with (fillfactor = 70)`.execute(db);

  // These rows change all the time. Free space on each page and no index on changing columns allow HOT
  // updates.
  await sql`
    create table ratings (
      thing_id bigint primary key references things (id),
      topic_id bigint not null,
      mean double precision not null,
      variance double precision not null check (variance > 0),
      wins integer not null check (wins >= 0),
      losses integer not null check (losses >= 0),
      ties integer not null check (ties >= 0)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on ratings (topic_id)`.execute(db);

  // What the pages show of the ratings. Written later than the ratings, and only for things that are not
  // retired.
  await sql`
    create table standings (
      thing_id bigint primary key references things (id),
      topic_id bigint not null,
      rank integer not null,
      low integer not null check (low between 1 and rank),
      high integer not null check (high >= rank),
      top_chance real not null check (top_chance between 0 and 1),
      is_level_with_next boolean not null,
      previous_rank integer check (previous_rank > 0)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on standings (topic_id)`.execute(db);

  await sql`
    create table rating_history (
      thing_id bigint not null references things (id),
      at timestamptz not null,
      rank integer not null,
      low integer not null check (low between 1 and rank),
      high integer not null check (high >= rank),
      primary key (thing_id, at)
    )`.execute(db);

  // The results of each pair, up to a position that moves by ten voters or more at a time.
  await sql`
    create table pair_counts (
      topic_id bigint not null,
      low bigint not null,
      high bigint not null,
      low_wins integer not null check (low_wins >= 0),
      high_wins integer not null check (high_wins >= 0),
      ties integer not null check (ties >= 0),
      primary key (low, high),
      check (low < high),
      foreign key (topic_id, low) references things (topic_id, id),
      foreign key (topic_id, high) references things (topic_id, id)
    )`.execute(db);
  await sql`create index on pair_counts (high)`.execute(db);
  await sql`
    create table pair_counts_position (
      topic_id bigint primary key references topics (id),
      xid xid8 not null,
      id bigint not null
    )`.execute(db);

  // How far each step has thinned the history: the current day or week, and the last thing that is done in
  // it.
  await sql`
    create table history_thinning (
      step text primary key check (step in ('day', 'week')),
      begins timestamptz not null,
      thing_id bigint not null default 0
    )`.execute(db);

  await sql`
    create table fits (
      topic_id bigint primary key references topics (id),
      xid xid8 not null,
      id bigint not null,
      votes bigint not null check (votes >= 0),
      spread double precision not null check (spread > 0),
      decided bigint not null check (decided between 0 and votes),
      left_wins bigint not null check (left_wins between 0 and decided),
      fitted_at timestamptz not null default now()
    )`.execute(db);

  // The download: pair counts and the ratings fitted from them, as gzipped JSON. Postgres does not compress
  // it again.
  await sql`
    create table snapshots (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id),
      xid xid8 not null,
      ledger_id bigint not null,
      taken_at timestamptz not null default now(),
      body bytea not null
    )`.execute(db);
  await sql`alter table snapshots alter column body set storage external`.execute(db);
  await sql`create index on snapshots (topic_id, id)`.execute(db);

  // The version increases whenever the content of a topic's pages has changed. changes counts the changes of
  // ratings and things, published_changes those that are in the standings.
  await sql`
    create table boards (
      topic_id bigint primary key references topics (id),
      version bigint not null default 1,
      changes bigint not null default 0,
      published_changes bigint not null default 0,
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

  // A new site starts with one topic.
  await sql`
    insert into topics (slug, title, question, is_default)
    values ('foods', 'Foods', 'Which would you rather eat?', true)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger topic_has_board on topics`.execute(db);
  await sql`drop function add_board`.execute(db);
  await sql`
    drop table boards, snapshots, fits, history_thinning, pair_counts_position, pair_counts, rating_history, standings,
      ratings, topic_voters, vote_weights, ranker_position`.execute(db);
}
