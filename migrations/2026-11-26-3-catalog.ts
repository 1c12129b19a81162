import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Topics and things. */
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
  await sql`create index on things (added_by)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table things, topics`.execute(db);
}
