import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  // The end of a chain only moves on, and goes with its person.
  await sql`
    create trigger chain_heads_only_forward before update on chain_heads
    for each row when (new.user_key <> old.user_key or new.place < old.place or
      (new.place = old.place and new.hash <> old.hash))
    execute function refuse_change()`.execute(db);
  await sql`
    create function keep_chain_head() returns trigger language plpgsql as $$
    begin
      if old.user_key = 0 or exists (select from users where id = old.user_key) then
        raise exception 'a chain goes with its person' using errcode = 'restrict_violation';
      end if;
      return old;
    end $$`.execute(db);
  await sql`
    create trigger chain_heads_go_with_person before delete on chain_heads
    for each row execute function keep_chain_head()`.execute(db);
  // Closing an account says so before it removes events, and anybody can say so: what counts is how it ends.
  await sql`
    create function events_go_with_person() returns trigger language plpgsql as $$
    begin
      if exists (select from users where id = old.user_id) then
        raise exception 'events go with their person' using errcode = 'restrict_violation';
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger session_events_go_with_person after delete on session_events
    deferrable initially deferred for each row execute function events_go_with_person()`.execute(db);
  for (const table of ['session_events', 'chain_heads'])
    await sql`
      create trigger ${sql.ref(`${table}_not_emptied`)} before truncate on ${sql.table(table)}
      for each statement execute function refuse_change()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  for (const table of ['session_events', 'chain_heads'])
    await sql`drop trigger ${sql.ref(`${table}_not_emptied`)} on ${sql.table(table)}`.execute(db);
  await sql`drop trigger session_events_go_with_person on session_events`.execute(db);
  await sql`drop trigger chain_heads_go_with_person on chain_heads`.execute(db);
  await sql`drop trigger chain_heads_only_forward on chain_heads`.execute(db);
  await sql`drop function events_go_with_person, keep_chain_head`.execute(db);
}
