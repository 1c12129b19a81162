import { type Kysely, sql } from 'kysely';

// biome-ignore lint/suspicious/noExplicitAny: a migration knows no schema but the one it finds
type Untyped = Kysely<any>;

/** What is a voter's own work, so that they never vote on it. */
export async function up(db: Untyped): Promise<void> {
  // Teams are the same when their names differ only in case and spaces.
  await sql`
    create function team_key(team text) returns text language sql immutable parallel safe
    return nullif(lower(regexp_replace(team, '\\s+', '', 'g')), '')`.execute(db);
  await sql`create index on things (topic_id, team_key(team)) where team is not null`.execute(db);
  await sql`create index on suggestions (topic_id) where decision = 'accepted'`.execute(db);
  // The things of a voter's team, and those that the voter has proposed.
  await sql`
    create view own_work as
      select invitations.topic_id, invitations.voter_id, things.id as thing_id
      from invitations join things on things.topic_id = invitations.topic_id
        and team_key(things.team) = team_key(invitations.team) and things.team is not null
      where invitations.voter_id is not null
      union all
      select suggestions.topic_id, suggestions.voter_id, suggestions.thing_id from suggestions
      where suggestions.decision = 'accepted' and suggestions.voter_id is not null
        and suggestions.thing_id is not null`.execute(db);

  // Boards in memory know it, so they have to be loaded again.
  await sql`
    create function reload_board() returns trigger language plpgsql as $$
    begin
      update boards set version = version + 1 where topic_id = new.topic_id;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger invitation_reloads_board after update of voter_id, team on invitations for each row
    when ((old.voter_id, old.team) is distinct from (new.voter_id, new.team)
      and coalesce(old.team, new.team) is not null)
    execute function reload_board()`.execute(db);
  await sql`
    create trigger suggestion_reloads_board after update of voter_id, decision, thing_id on suggestions for each row
    when ((old.voter_id, old.thing_id) is distinct from (new.voter_id, new.thing_id) and new.decision = 'accepted')
    execute function reload_board()`.execute(db);
}

export async function down(db: Untyped): Promise<void> {
  await sql`drop trigger suggestion_reloads_board on suggestions`.execute(db);
  await sql`drop trigger invitation_reloads_board on invitations`.execute(db);
  await sql`drop function reload_board`.execute(db);
  await sql`drop view own_work`.execute(db);
  await sql`drop index suggestions_topic_id_idx`.execute(db);
  await sql`drop index things_topic_id_team_key_idx`.execute(db);
  await sql`drop function team_key`.execute(db);
}
