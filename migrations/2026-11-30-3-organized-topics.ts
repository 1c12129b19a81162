import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** People make topics of their own: who may see, change and vote in each, and when. */
export async function up(db: Untyped): Promise<void> {
  await sql`
    alter table topics
      add column access text not null default 'public' check (access in ('public', 'link', 'invited')),
      add column phase text not null default 'open' check (phase in ('draft', 'open', 'closed')),
      add column results text not null default 'always'
        check (results in ('always', 'after voting', 'after closing')),
      add column opens_at timestamptz,
      add column closes_at timestamptz,
      add column time_zone text not null default 'UTC' check (char_length(time_zone) <= 60),
      add column votes_each int check (votes_each between 1 and 1000),
      add column takes_suggestions boolean not null default false,
      add column embed_origins text[] not null default '{}',
      add column closed_xid xid8,
      add column closed_ledger_id bigint,
      add column deleted_at timestamptz,
      add check (closes_at > opens_at),
      add check ((closed_xid is null) = (closed_ledger_id is null)),
      add check (phase = 'closed' or closed_xid is null),
      add check (not is_default or (access = 'public' and deleted_at is null))`.execute(db);
  await sql`update topics set access = 'link' where visibility = 'unlisted'`.execute(db);
  await sql`alter table topics drop column visibility`.execute(db);

  await sql`
    alter table things
      add column text text check (char_length(text) <= 20000),
      add column tags text[] not null default '{}' check (cardinality(tags) <= 10),
      add column location text check (char_length(location) between 1 and 60),
      add column team text check (char_length(team) between 1 and 80),
      add column merged_into bigint,
      add foreign key (topic_id, merged_into) references things (topic_id, id),
      add check (merged_into <> id)`.execute(db);
  await sql`create index on things (merged_into) where merged_into is not null`.execute(db);

  // Topics without a role belong to nobody: only operators change them.
  await sql`
    create table topic_roles (
      topic_id bigint not null references topics (id) on delete cascade,
      user_id bigint not null references users (id) on delete cascade,
      role text not null check (role in ('owner', 'organiser', 'viewer')),
      created_at timestamptz not null default now(),
      primary key (topic_id, user_id)
    )`.execute(db);
  await sql`create index on topic_roles (user_id)`.execute(db);

  // Links that give a role to a logged-in user who opens them.
  await sql`
    create table role_links (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id) on delete cascade,
      role text not null check (role in ('owner', 'organiser', 'viewer')),
      token_hash text not null unique check (token_hash ~ '^[0-9a-f]{64}$'),
      created_by bigint references users (id) on delete set null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      used_at timestamptz,
      revoked_at timestamptz
    )`.execute(db);
  await sql`create index on role_links (topic_id)`.execute(db);
  await sql`create index on role_links (created_by)`.execute(db);

  // What was done to a topic, and by whom.
  await sql`
    create table topic_events (
      id bigint generated always as identity primary key,
      topic_id bigint not null references topics (id) on delete cascade,
      user_id bigint references users (id) on delete set null,
      kind text not null check (char_length(kind) <= 40),
      details json not null default '{}',
      at timestamptz not null default now()
    )`.execute(db);
  await sql`create index on topic_events (topic_id, id desc)`.execute(db);
  await sql`create index on topic_events (user_id)`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table topic_events, role_links, topic_roles`.execute(db);
  await sql`
    alter table things drop column text, drop column tags, drop column location, drop column team,
      drop column merged_into`.execute(db);
  await sql`
    alter table topics add column visibility text not null default 'public'
      check (visibility in ('public', 'unlisted'))`.execute(db);
  await sql`update topics set visibility = 'unlisted' where access <> 'public'`.execute(db);
  await sql`
    alter table topics drop column access, drop column phase, drop column results, drop column opens_at,
      drop column closes_at, drop column time_zone, drop column votes_each, drop column takes_suggestions,
      drop column embed_origins, drop column closed_xid, drop column closed_ledger_id,
      drop column deleted_at`.execute(db);
}
