import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

export async function up(db: Untyped): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(db);
  // Empty from the insert to the commit, see below.
  await sql`
    alter table session_events
      add column place bigint check (place > 0),
      add column previous_hash text check (previous_hash ~ '^[0-9a-f]{64}$'),
      add column hash text check (hash ~ '^[0-9a-f]{64}$'),
      add check ((place is null) = (hash is null) and (previous_hash is null) = (hash is null))`.execute(db);
  // Events of nobody in particular are a chain of their own, under 0: ids begin at 1.
  await sql`
    create unique index session_events_chain on session_events (coalesce(user_id, 0), place)`.execute(db);
  await sql`
    create unique index session_events_hash on session_events (coalesce(user_id, 0), hash)`.execute(db);
  await sql`
    create index session_events_unchained on session_events (coalesce(user_id, 0), id)
    where hash is null`.execute(db);
  // Where each chain ends, so that its newest events can't vanish unseen. It goes with its person.
  await sql`
    create table chain_heads (
      user_key bigint primary key,
      user_id bigint generated always as (nullif(user_key, 0)) stored references users (id) on delete cascade,
      place bigint not null check (place >= 0),
      hash text not null check (hash ~ '^[0-9a-f]{64}$')
    ) with (fillfactor = 70)`.execute(db);

  await sql`drop trigger session_events_append_only on session_events`.execute(db);
  await sql`
    create trigger session_events_append_only before delete on session_events
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger session_events_only_chained before update on session_events
    for each row when (old.hash is not null or
      (to_jsonb(new) - array['place', 'previous_hash', 'hash']) is distinct from
      (to_jsonb(old) - array['place', 'previous_hash', 'hash']))
    execute function refuse_change()`.execute(db);

  await sql`
    create function event_field(value text) returns text language sql immutable as $$
      select coalesce(replace(replace(value, '\\', '\\\\'), chr(10), '\\n'), '\\N')
    $$`.execute(db);
  await sql`
    create function chain_events() returns void language plpgsql as $$
    declare
      head chain_heads;
      event session_events;
      new_hash text;
    begin
      for head.user_key in
        select distinct coalesce(user_id, 0) as user_key from session_events where hash is null order by user_key
      loop
        -- Waits for whoever else chains this person's events, and goes on from there.
        insert into chain_heads (user_key, place, hash) values (head.user_key, 0, repeat('0', 64))
          on conflict (user_key) do update set place = chain_heads.place
          returning place, hash into head.place, head.hash;
        for event in
          select * from session_events where hash is null and coalesce(user_id, 0) = head.user_key
          order by id for no key update skip locked
        loop
          head.place := head.place + 1;
          new_hash := encode(sha256(convert_to(concat_ws(chr(10),
            head.place,
            event_field(event.user_id::text),
            event_field(event.session_id::text),
            event_field(event.kind),
            to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            event_field(event.device),
            event_field(event.address),
            event_field(event.reason),
            head.hash), 'UTF8')), 'hex');
          update session_events set place = head.place, previous_hash = head.hash, hash = new_hash
            where id = event.id;
          head.hash := new_hash;
        end loop;
        update chain_heads set place = head.place, hash = head.hash where user_key = head.user_key;
      end loop;
    end $$`.execute(db);
  await sql`
    create function chain_at_commit() returns trigger language plpgsql as $$
    begin
      if exists (select from session_events where id = new.id and hash is null) then
        perform chain_events();
      end if;
      return null;
    end $$`.execute(db);

  await sql`select chain_events()`.execute(db);
  // Chained at the commit, and all of a transaction's events then, person by person: it has every other lock it
  // needs by that time, and heads are locked in one order. Chained at the insert, a password change (event, then
  // the sessions it ends) and a log-out (session, then event) would each wait for what the other holds.
  await sql`
    create constraint trigger session_events_chained after insert on session_events
    deferrable initially deferred for each row execute function chain_at_commit()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger session_events_chained on session_events`.execute(db);
  await sql`drop trigger session_events_only_chained on session_events`.execute(db);
  await sql`drop trigger session_events_append_only on session_events`.execute(db);
  await sql`drop function chain_at_commit, chain_events, event_field`.execute(db);
  await sql`drop table chain_heads`.execute(db);
  await sql`alter table session_events drop column place, drop column previous_hash, drop column hash`.execute(
    db,
  );
  await sql`
    create trigger session_events_append_only before update or delete on session_events
    for each row execute function refuse_change()`.execute(db);
}
