import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** What the phase of a topic allows, and when a deleted topic goes for good. */
export async function up(db: Untyped): Promise<void> {
  // The same rule as phaseAt in catalog/phase.ts.
  await sql`
    create function topic_phase(phase text, opens_at timestamptz, closes_at timestamptz, at timestamptz) returns text
    language sql immutable as $$
      select case
        when phase = 'closed' or (closes_at <= at and (phase = 'open' or opens_at <= at)) then 'closed'
        when phase = 'open' or opens_at <= at then 'open'
        else 'draft' end
    $$`.execute(db);
  // For the ranker, which looks four times a second for topics whose time has come and for results to freeze.
  await sql`
    create index topics_with_schedule on topics (id)
    where (phase = 'draft' and opens_at is not null) or (phase = 'open' and closes_at is not null)`.execute(
    db,
  );
  await sql`
    create index topics_to_freeze on topics (id) where phase = 'closed' and closed_xid is null`.execute(db);
  await sql`create index deleted_topics on topics (deleted_at) where deleted_at is not null`.execute(db);

  // The results of a closed topic rest on its things.
  await sql`
    create function closed_topic_keeps_things() returns trigger language plpgsql as $$
    declare
      topic bigint := case when tg_op = 'DELETE' then old.topic_id else new.topic_id end;
    begin
      if exists (select from topics where id = topic and phase = 'closed' and not is_over(deleted_at)) then
        raise exception 'the things of a closed topic stay as they are' using errcode = 'restrict_violation';
      end if;
      return case when tg_op = 'DELETE' then old else new end;
    end $$`.execute(db);
  await sql`
    create function is_over(deleted_at timestamptz) returns boolean language sql stable as $$
      select coalesce(deleted_at < now() - interval '7 days', false)
    $$`.execute(db);
  await sql`
    create trigger closed_topic_keeps_things before insert or delete on things
    for each row execute function closed_topic_keeps_things()`.execute(db);
  await sql`
    create trigger closed_topic_keeps_standing_things before update of retired_at, merged_into on things
    for each row when (old.retired_at is distinct from new.retired_at or old.merged_into is distinct from new.merged_into)
    execute function closed_topic_keeps_things()`.execute(db);

  // Votes go only with guests, and with topics that were deleted more than a week ago.
  await sql`drop trigger votes_append_only on votes`.execute(db);
  await sql`
    create function votes_go_with_topic() returns trigger language plpgsql as $$
    begin
      if not exists (select from topics where id = old.topic_id and is_over(deleted_at)) then
        raise exception 'votes is append-only' using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`.execute(db);
  await sql`
    create trigger votes_append_only before delete on votes
    for each row when (not old.provisional) execute function votes_go_with_topic()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger votes_append_only on votes`.execute(db);
  await sql`
    create trigger votes_append_only before delete on votes
    for each row when (not old.provisional) execute function refuse_change()`.execute(db);
  await sql`drop trigger closed_topic_keeps_things on things`.execute(db);
  await sql`drop trigger closed_topic_keeps_standing_things on things`.execute(db);
  await sql`drop function votes_go_with_topic, closed_topic_keeps_things, is_over`.execute(db);
  await sql`drop index topics_with_schedule, topics_to_freeze, deleted_topics`.execute(db);
  await sql`drop function topic_phase`.execute(db);
}
