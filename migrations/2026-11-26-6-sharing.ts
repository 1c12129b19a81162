import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Links that show a user's own list. */
export async function up(db: Untyped): Promise<void> {
  // The token is not hashed: its owner can see the link again, and it gives access to this row only.
  await sql`
    create table shares (
      id bigint generated always as identity primary key,
      token text not null unique check (token ~ '^[A-Za-z0-9_-]{22}$'),
      user_id bigint not null references users (id) on delete cascade,
      topic_id bigint not null references topics (id),
      is_named boolean not null,
      votes integer not null check (votes > 0),
      created_at timestamptz not null default now(),
      ended_at timestamptz check (ended_at >= created_at),
      unique (id, topic_id)
    )`.execute(db);
  await sql`create index on shares (user_id, id desc)`.execute(db);
  // The things and their order are frozen. Their names are not, so a wrong name can be corrected.
  await sql`
    create table shared_things (
      share_id bigint not null,
      topic_id bigint not null,
      rank integer not null check (rank between 1 and 10),
      thing_id bigint not null,
      primary key (share_id, rank),
      unique (share_id, thing_id),
      foreign key (share_id, topic_id) references shares (id, topic_id) on delete cascade,
      foreign key (topic_id, thing_id) references things (topic_id, id)
    )`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table shared_things, shares`.execute(db);
}
