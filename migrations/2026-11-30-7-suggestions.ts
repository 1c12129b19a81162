import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Things that voters propose, and things that they flag. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    create table suggestions (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id) on delete cascade,
      voter_id bigint references voters (id) on delete set null,
      name text not null check (char_length(name) between 1 and 80),
      description text check (char_length(description) <= 300),
      link text check (char_length(link) <= 500),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decision text check (decision in ('accepted', 'merged', 'refused')),
      reason text check (char_length(reason) between 1 and 300),
      decided_by bigint references users (id) on delete set null,
      thing_id bigint references things (id) on delete set null,
      check ((decided_at is null) = (decision is null)),
      check (decision <> 'refused' or reason is not null)
    )`.execute(db);
  await sql`
    create unique index open_suggestions on suggestions (topic_id, lower(name)) where decided_at is null`.execute(
    db,
  );
  await sql`create index on suggestions (voter_id)`.execute(db);
  await sql`create index on suggestions (thing_id)`.execute(db);
  await sql`create index on suggestions (decided_by)`.execute(db);

  await sql`
    create table flags (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id) on delete cascade,
      thing_id bigint not null references things (id) on delete cascade,
      voter_id bigint references voters (id) on delete set null,
      reason text not null check (char_length(reason) between 1 and 300),
      created_at timestamptz not null default now(),
      decided_at timestamptz,
      decided_by bigint references users (id) on delete set null
    )`.execute(db);
  await sql`create unique index open_flags on flags (thing_id, voter_id) where decided_at is null`.execute(
    db,
  );
  await sql`create index on flags (topic_id) where decided_at is null`.execute(db);
  await sql`create index on flags (voter_id)`.execute(db);
  await sql`create index on flags (decided_by)`.execute(db);

  // These become a part of a header, so nothing in them may end that part.
  await sql`
    alter table topics add constraint topics_embed_origins_check check (
      array_to_string(embed_origins, ' ') ~ '^((https://[a-z0-9.-]+|http://localhost)(:[0-9]{1,5})?( |$))*$'
      and cardinality(embed_origins) <= 10)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`alter table topics drop constraint topics_embed_origins_check`.execute(db);
  await sql`drop table flags, suggestions`.execute(db);
}
