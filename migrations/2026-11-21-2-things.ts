import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`
    create table topics (
      id bigint generated always as identity primary key,
      slug text not null unique check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and char_length(slug) <= 60),
      title text not null,
      question text not null,
      visibility text not null default 'public' check (visibility in ('public', 'unlisted')),
      is_default boolean not null default false,
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`create unique index one_default_topic on topics (is_default) where is_default`.execute(db);
  await sql`
    insert into topics (slug, title, question, is_default)
    values ('foods', 'Foods', 'Which would you rather eat?', true)`.execute(db);

  await sql`
    create table things (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id),
      slug text not null,
      name text not null check (name <> ''),
      picture text,
      description text,
      link text,
      added_by bigint references users (id),
      created_at timestamptz not null default now(),
      retired_at timestamptz,
      unique (topic_id, id)
    )`.execute(db);
  await sql`create unique index on things (topic_id, lower(name))`.execute(db);

  // The pairs of (topic_id, thing) make a vote between things of different topics impossible.
  // xid puts the ledger in the order of its transactions: identity values commit out of order.
  await sql`
    create table votes (
      id bigint generated always as identity primary key,
      ballot_id uuid not null unique,
      topic_id bigint not null,
      voter bigint references voters (id),
      left_id bigint not null,
      right_id bigint not null,
      outcome text not null check (outcome in ('left', 'right', 'tie', 'skip')),
      arm text not null check (arm in ('focus', 'explore', 'import')),
      weight real not null default 1 check (weight >= 0 and weight <= 1),
      weight_reason text,
      created_at timestamptz not null default now(),
      withdrawn_at timestamptz,
      xid xid8 not null default pg_current_xact_id(),
      withdrawn_xid xid8 check (withdrawn_xid > xid),
      check (left_id <> right_id),
      check ((withdrawn_at is null) = (withdrawn_xid is null)),
      foreign key (topic_id, left_id) references things (topic_id, id),
      foreign key (topic_id, right_id) references things (topic_id, id)
    )`.execute(db);
  await sql`
    create unique index one_answer_a_pair on votes
    (voter, least(left_id, right_id), greatest(left_id, right_id)) where withdrawn_at is null`.execute(db);
  await sql`create index votes_in_order on votes (xid, id)`.execute(db);
  await sql`
    create index withdrawals_in_order on votes (withdrawn_xid, id) where withdrawn_xid is not null`.execute(
    db,
  );
  await sql`create index votes_of_voter on votes (voter, topic_id, id desc)`.execute(db);

  // The only change a vote knows is its withdrawal, which takes its own place in the ledger's order.
  await sql`
    create function votes_only_withdraw() returns trigger language plpgsql as $$
    begin
      if old.withdrawn_at is not null or new.withdrawn_at is null
        or (to_jsonb(new) - 'withdrawn_at' - 'withdrawn_xid')
          is distinct from (to_jsonb(old) - 'withdrawn_at' - 'withdrawn_xid') then
        raise exception 'votes is append-only: a vote can only be withdrawn, once'
          using errcode = 'restrict_violation';
      end if;
      new.withdrawn_xid := pg_current_xact_id();
      return new;
    end $$`.execute(db);
  await sql`
    create trigger votes_only_withdraw before update on votes
    for each row execute function votes_only_withdraw()`.execute(db);
  await sql`
    create trigger votes_append_only before delete on votes
    for each row execute function refuse_change()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table votes, things, topics`.execute(db);
  await sql`drop function votes_only_withdraw`.execute(db);
}
