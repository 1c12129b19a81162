import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Pictures that people upload, in three widths, and which topics hold them. */
export async function up(db: Untyped): Promise<void> {
  // The hash is a keyed hash of the largest WebP file, and part of its address.
  await sql`
    create table pictures (
      hash text primary key check (hash ~ '^[0-9a-f]{64}$'),
      width int not null check (width between 1 and 16383),
      height int not null check (height between 1 and 16383),
      bytes int not null check (bytes > 0),
      created_at timestamptz not null default now()
    )`.execute(db);
  await sql`
    create table picture_sizes (
      hash text not null references pictures (hash) on delete cascade,
      width int not null check (width between 1 and 16383),
      body bytea not null check (octet_length(body) > 0),
      primary key (hash, width)
    )`.execute(db);

  // What a topic holds counts towards its megabytes, also before a thing shows it.
  await sql`
    create table topic_pictures (
      topic_id bigint not null references topics (id) on delete cascade,
      hash text not null references pictures (hash),
      unused_since timestamptz default now(),
      primary key (topic_id, hash)
    )`.execute(db);
  await sql`create index on topic_pictures (hash)`.execute(db);
  await sql`create index on topic_pictures (unused_since) where unused_since is not null`.execute(db);

  // A picture is a file in public/pictures, or a hash with the size of an upload. An upload belongs to the topic.
  await sql`
    alter table things
      add check (picture ~* '^[a-z0-9_-]+(/[a-z0-9_-]+)*[.](svg|png|jpe?g|webp|avif|gif)$'
        or picture ~ '^[0-9a-f]{64}-[1-9][0-9]*x[1-9][0-9]*$'),
      add column picture_hash text generated always as (
        case when picture ~ '^[0-9a-f]{64}-[1-9][0-9]*x[1-9][0-9]*$' then left(picture, 64) end) stored,
      add foreign key (topic_id, picture_hash) references topic_pictures (topic_id, hash)`.execute(db);
  await sql`create index on things (topic_id, picture_hash) where picture_hash is not null`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`update things set picture = null where picture_hash is not null`.execute(db);
  await sql`alter table things drop column picture_hash, drop constraint things_picture_check`.execute(db);
  await sql`drop table topic_pictures, picture_sizes, pictures`.execute(db);
}
