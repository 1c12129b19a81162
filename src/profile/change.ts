import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Outcome } from '../schema.js';
import type { Ballot } from '../voting/ballot.js';
import { findAnswer, findVote, type Vote } from '../voting/voting.js';

/**
 * What became of a changed answer: it counts now; or nothing changed, because it is the one that stands, or another
 * was given meanwhile and that stands; it had been taken back; or one of the things is gone.
 */
export type Change =
  | { status: 'changed' | 'same' | 'withdrawn'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

/**
 * Puts another answer in the place of one that stands, in one statement: the old one is withdrawn only as the new
 * one is written, so whoever walks away in between has lost nothing, and the pair counts once throughout. The new
 * answer keeps the strategy that offered the pair.
 * @param ballot made out for the same pair; sent again, it changes nothing more
 */
export async function changeVote(db: Database, old: Vote, ballot: Ballot, outcome: Outcome): Promise<Change> {
  const isSame = old.outcome === outcome && !old.withdrawnAt;
  if (isSame || ballot.id === old.ballotId) return { status: 'same', vote: old };
  await sql`
    with old as (
      update votes set withdrawn_at = now()
      where id = ${old.id} and voter_id = ${ballot.voter} and withdrawn_at is null
        and (select count(*) from things where id in (left_id, right_id) and retired_at is null) = 2
        and exists (select from users where id = ${ballot.voter} for key share)
        and not exists (select from votes as used where used.ballot_id = ${ballot.id}::uuid)
      returning *)
    insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, strategy)
    select ${ballot.id}::uuid, topic_id, voter_id, left_id, right_id, ${outcome}, strategy from old`.execute(
    db,
  );
  const changed = await findVote(db, ballot.voter, ballot.id);
  if (changed) return { status: 'changed', vote: changed };
  const standing = await findAnswer(db, ballot.voter, old);
  if (standing && standing.id !== old.id) return { status: 'same', vote: standing };
  return standing ? { status: 'gone' } : { status: 'withdrawn', vote: old };
}
