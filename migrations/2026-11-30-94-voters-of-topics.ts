import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** Those who run a topic set voters apart in that topic alone. An event without a topic is an operator's, for all. */
export async function up(db: Untyped): Promise<void> {
  await sql`alter table voter_events add column topic_id bigint references topics (id)`.execute(db);
  await sql`create index on voter_events (topic_id) where topic_id is not null`.execute(db);

  // Like the votes, events of a topic go when the topic is removed for good.
  await sql`
    create or replace function votes_go_with_topic() returns trigger language plpgsql as $$
    begin
      if not exists (select from topics where id = old.topic_id and is_over(deleted_at)) then
        raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`.execute(db);
  await sql`drop trigger voter_events_append_only on voter_events`.execute(db);
  await sql`
    create trigger voter_events_append_only before update on voter_events
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger voter_events_go_with_topic before delete on voter_events
    for each row execute function votes_go_with_topic()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger voter_events_go_with_topic on voter_events`.execute(db);
  await sql`drop trigger voter_events_append_only on voter_events`.execute(db);
  await sql`
    create trigger voter_events_append_only before update or delete on voter_events
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create or replace function votes_go_with_topic() returns trigger language plpgsql as $$
    begin
      if not exists (select from topics where id = old.topic_id and is_over(deleted_at)) then
        raise exception 'votes is append-only' using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`.execute(db);
  await sql`alter table voter_events drop column topic_id`.execute(db);
}
