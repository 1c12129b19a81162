import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** The ledger: votes, and events about voters. Rows are only added, and a vote can be withdrawn once. */
export async function up(db: Untyped): Promise<void> {
  // The foreign keys with topic_id make a vote between things of different topics impossible. xid orders the
  // ledger by transactions, because identity values commit out of order. A guest's vote is provisional, and
  // the ranker never reads it. It counts when another row makes it a member's vote.
  await sql`
    create table votes (
      id bigint generated always as identity primary key,
      ballot_id uuid not null unique,
      topic_id bigint not null,
      voter_id bigint references voters (id),
      left_id bigint not null,
      right_id bigint not null,
      item text,
      outcome text not null check (outcome in ('left', 'right', 'tie', 'skip')),
      unknown text check (unknown in ('left', 'right')),
      strategy text not null check (strategy in ('focus', 'explore', 'asked', 'common', 'import')),
      provisional boolean not null default false,
      shown_at timestamptz,
      created_at timestamptz not null default now(),
      withdrawn_at timestamptz,
      xid xid8 not null default pg_current_xact_id(),
      withdrawn_xid xid8 check (withdrawn_xid > xid),
      check (left_id <> right_id),
      check (unknown is null or outcome = 'skip'),
      check (item is null or strategy = 'import'),
      check (not provisional or voter_id is not null),
      check ((withdrawn_at is null) = (withdrawn_xid is null)),
      foreign key (topic_id, left_id) references things (topic_id, id),
      foreign key (topic_id, right_id) references things (topic_id, id)
    )`.execute(db);
  await sql`
    create unique index one_answer_a_pair on votes
    (voter_id, least(left_id, right_id), greatest(left_id, right_id), coalesce(item, ''))
    where withdrawn_at is null`.execute(db);
  await sql`create index votes_in_order on votes (xid, id) where not provisional`.execute(db);
  await sql`create index votes_of_topic on votes (topic_id, xid, id) where not provisional`.execute(db);
  await sql`create index votes_of_voter on votes (voter_id, topic_id, id desc)`.execute(db);
  // These partial indexes hold few rows, so most votes do not change them.
  await sql`
    create index withdrawals_in_order on votes (withdrawn_xid, id)
    where withdrawn_xid is not null and not provisional`.execute(db);
  await sql`
    create index withdrawn_answers on votes (voter_id, least(left_id, right_id), greatest(left_id, right_id))
    where withdrawn_at is not null`.execute(db);
  await sql`
    create index unknown_to_voter on votes (voter_id, topic_id)
    where unknown is not null and withdrawn_at is null`.execute(db);

  // A vote can change only by a withdrawal, which has its own position in the ledger.
  await sql`
    create function votes_only_withdraw() returns trigger language plpgsql as $$
    begin
      if old.withdrawn_at is not null or new.withdrawn_at is null
        or (to_jsonb(new) - 'withdrawn_at' - 'withdrawn_xid')
          is distinct from (to_jsonb(old) - 'withdrawn_at' - 'withdrawn_xid') then
        raise exception 'votes is append-only: a vote can only be withdrawn, once'
          using errcode = 'restrict_violation';
      end if;
      new.withdrawn_xid := pg_current_xact_id();
      return new;
    end $$`.execute(db);
  await sql`
    create trigger votes_only_withdraw before update on votes
    for each row execute function votes_only_withdraw()`.execute(db);
  await sql`
    create trigger votes_append_only before delete on votes
    for each row when (not old.provisional) execute function refuse_change()`.execute(db);

  // The newest event decides whether a voter counts; 'restored' cancels the others. Events take their ids
  // from the votes' sequence, so they have a position in the ledger.
  await sql`
    create table voter_events (
      id bigint primary key default nextval(pg_get_serial_sequence('votes', 'id')),
      voter_id bigint not null references voters (id),
      kind text not null check (kind in ('set apart', 'voided', 'restored')),
      at timestamptz not null default now(),
      xid xid8 not null default pg_current_xact_id()
    )`.execute(db);
  await sql`create index on voter_events (voter_id, id desc)`.execute(db);
  await sql`create index on voter_events (xid, id)`.execute(db);
  await sql`
    create trigger voter_events_append_only before update or delete on voter_events
    for each row execute function refuse_change()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop table voter_events, votes`.execute(db);
  await sql`drop function votes_only_withdraw`.execute(db);
}
