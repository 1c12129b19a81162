import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** The log of session events. It is append-only, and a hash chain reveals any change. */
export async function up(db: Untyped): Promise<void> {
  // The sequence number and the hashes are empty until the commit, see chain_at_commit.
  await sql`
    create table session_events (
      id bigint generated always as identity primary key,
      user_id bigint references users (id),
      session_id bigint references sessions (id),
      kind text not null,
      at timestamptz not null default now(),
      reason text,
      origin_digest text check (origin_digest ~ '^[0-9a-f]{64}$'),
      sequence bigint check (sequence > 0),
      previous_hash text check (previous_hash ~ '^[0-9a-f]{64}$'),
      hash text check (hash ~ '^[0-9a-f]{64}$'),
      check ((sequence is null) = (hash is null) and (previous_hash is null) = (hash is null))
    )`.execute(db);
  await sql`create index on session_events (user_id, id desc)`.execute(db);
  await sql`create index on session_events (session_id)`.execute(db);
  // Events without a user form a chain of their own, under 0. User ids start at 1.
  await sql`
    create unique index session_events_chain on session_events (coalesce(user_id, 0), sequence)`.execute(db);
  await sql`
    create unique index session_events_hash on session_events (coalesce(user_id, 0), hash)`.execute(db);
  await sql`
    create index session_events_unchained on session_events (coalesce(user_id, 0), id)
    where hash is null`.execute(db);
  // The device and address of an event, in plain text. The chain holds only their salted digest, so a row can
  // be shortened or deleted and the chain stays valid. Shortening a row removes the salt. With the salt,
  // anybody could try all addresses until one fits the digest, and so recover the removed part.
  await sql`
    create table session_event_origins (
      event_id bigint primary key references session_events (id) on delete cascade,
      salt bytea check (octet_length(salt) = 16),
      device text,
      address text
    )`.execute(db);
  // The end of each chain, so that nobody can remove its newest events unseen. It is deleted with its user.
  await sql`
    create table chain_heads (
      user_key bigint primary key,
      user_id bigint generated always as (nullif(user_key, 0)) stored references users (id) on delete cascade,
      sequence bigint not null check (sequence >= 0),
      hash text not null check (hash ~ '^[0-9a-f]{64}$')
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on chain_heads (user_id)`.execute(db);

  await sql`
    create function refuse_change() returns trigger language plpgsql as $$
    begin
      -- Closing an account takes what happened to it along.
      if tg_op = 'DELETE' and tg_table_name = 'session_events'
        and current_setting('thinga.closing_account', true) = to_jsonb(old) ->> 'user_id' then
        return old;
      end if;
      raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
    end $$`.execute(db);
  await sql`
    create trigger session_events_append_only before delete on session_events
    for each row execute function refuse_change()`.execute(db);
  await sql`
    create trigger session_events_only_chained before update on session_events
    for each row when (old.hash is not null or
      (to_jsonb(new) - array['sequence', 'previous_hash', 'hash']) is distinct from
      (to_jsonb(old) - array['sequence', 'previous_hash', 'hash']))
    execute function refuse_change()`.execute(db);
  // The end of a chain only moves forward, and is deleted only with its user.
  await sql`
    create trigger chain_heads_only_forward before update on chain_heads
    for each row when (new.user_key <> old.user_key or new.sequence < old.sequence or
      (new.sequence = old.sequence and new.hash <> old.hash))
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
  // Any statement can set thinga.closing_account, so at the commit the user must really be gone.
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

  await sql`
    create function event_field(value text) returns text language sql immutable as $$
      select coalesce(replace(replace(value, '\\', '\\\\'), chr(10), '\\n'), '\\N')
    $$`.execute(db);
  await sql`
    create function origin_digest(salt bytea, device text, address text) returns text language sql stable as $$
      select encode(sha256(convert_to(concat_ws(chr(10),
        encode(salt, 'hex'), event_field(device), event_field(address)), 'UTF8')), 'hex')
    $$`.execute(db);
  await sql`
    create function guard_origin() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        if new.salt is null or origin_digest(new.salt, new.device, new.address) is distinct from
          (select origin_digest from session_events where id = new.event_id) then
          raise exception 'an origin belongs to the digest of its event' using errcode = 'restrict_violation';
        end if;
      elsif new.event_id <> old.event_id or new.salt is not null or new.device <> old.device
        or (old.device is null and new.device is not null) or (old.address is null and new.address is not null)
        or (new.address <> old.address and not new.address::inet >> old.address::inet) then
        raise exception 'an origin is only shortened: no salt, and a network for an address'
          using errcode = 'restrict_violation';
      end if;
      return new;
    end $$`.execute(db);
  await sql`
    create trigger session_event_origins_only_shortened before insert or update on session_event_origins
    for each row execute function guard_origin()`.execute(db);
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
        -- Waits for others who chain this person's events, and goes on from there.
        insert into chain_heads (user_key, sequence, hash) values (head.user_key, 0, repeat('0', 64))
          on conflict (user_key) do update set sequence = chain_heads.sequence
          returning sequence, hash into head.sequence, head.hash;
        for event in
          select * from session_events where hash is null and coalesce(user_id, 0) = head.user_key
          order by id for no key update skip locked
        loop
          head.sequence := head.sequence + 1;
          new_hash := encode(sha256(convert_to(concat_ws(chr(10),
            head.sequence,
            event_field(event.user_id::text),
            event_field(event.session_id::text),
            event_field(event.kind),
            to_char(event.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            event_field(event.reason),
            event_field(event.origin_digest),
            head.hash), 'UTF8')), 'hex');
          update session_events set sequence = head.sequence, previous_hash = head.hash, hash = new_hash
            where id = event.id;
          head.hash := new_hash;
        end loop;
        update chain_heads set sequence = head.sequence, hash = head.hash where user_key = head.user_key;
      end loop;
    end $$`.execute(db);
  // The commit chains all events of a transaction, in the order of user ids. The transaction then has every
  // other lock that it needs, and all transactions lock the chain heads in the same order. Chaining at the
  // insert would deadlock: a password change writes its event and then ends sessions, a log-out ends its
  // session and then writes its event.
  await sql`
    create function chain_at_commit() returns trigger language plpgsql as $$
    begin
      if exists (select from session_events where id = new.id and hash is null) then
        perform chain_events();
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create constraint trigger session_events_chained after insert on session_events
    deferrable initially deferred for each row execute function chain_at_commit()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table session_event_origins, chain_heads, session_events`.execute(db);
  await sql`drop function chain_at_commit, chain_events, guard_origin, origin_digest, event_field`.execute(
    db,
  );
  await sql`drop function events_go_with_person, keep_chain_head, refuse_change`.execute(db);
}
