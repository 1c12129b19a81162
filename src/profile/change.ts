import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Outcome } from '../schema.js';
import type { Ballot } from '../voting/ballot.js';
import { findNote } from '../voting/notes.js';
import type { Queues } from '../voting/queue.js';
import { takesVotesSql } from '../voting/takes-votes.js';
import { findAnswer, findVote, type Vote } from '../voting/voting.js';

/**
 * What happened to a changed answer:
 * - `changed`: it counts now.
 * - `same`: nothing changed. The answer stood already, or another answer was given in the meantime and
 *   stands.
 * - `withdrawn`: the old answer was taken back.
 * - `gone`: one of the things was taken down, or the topic takes no votes.
 */
export type ChangeResult =
  | { status: 'changed' | 'same' | 'withdrawn'; vote: Vote }
  | { status: 'gone'; vote?: undefined };

/**
 * Replaces a standing answer by another one, in one statement, so that the pair always counts exactly once.
 * The new answer keeps the strategy of the old one. The voter's queue becomes stale when a thing that was
 * unknown is known now. The old answer's note goes, and the new one has its own.
 * @param ballot made for the same pair; when it is sent again, nothing more changes
 */
export async function changeVote(
  { db, queues }: { db: Database; queues: Queues },
  old: Vote,
  { ballot, outcome, note }: { ballot: Ballot; outcome: Outcome; note: string | undefined },
): Promise<ChangeResult> {
  const isSame = old.outcome === outcome && !old.withdrawnAt && (await findNote(db, old.id)) === note;
  if (isSame || ballot.id === old.ballotId) return { status: 'same', vote: old };
  await sql`
    with old as (
      update votes set withdrawn_at = now()
      where id = ${old.id} and voter_id = ${ballot.voterId} and withdrawn_at is null
        and (select count(*) from things where id in (left_id, right_id) and retired_at is null) = 2
        and ${sql.raw(takesVotesSql({ topic: 'votes.topic_id', voter: 'votes.voter_id' }))}
        and exists (select from users where id = ${ballot.voterId} for key share)
        and not exists (select from votes as used where used.ballot_id = ${ballot.id}::uuid)
      returning *
    ), changed as (
      insert into votes (ballot_id, topic_id, voter_id, left_id, right_id, outcome, strategy)
      select ${ballot.id}::uuid, topic_id, voter_id, left_id, right_id, ${outcome}, strategy from old
      returning id, topic_id)
    insert into vote_notes (vote_id, topic_id, note, readers, is_named)
    select changed.id, topic_id, ${note ?? null}::text, notes, access = 'invited' from changed join topics on topics.id = topic_id
    where ${note ?? null}::text is not null and notes <> 'none'`.execute(db);
  const changed = await findVote(db, ballot.voterId, ballot.id);
  if (changed) {
    if (old.unknown) await queues.markStale({ voterId: ballot.voterId, topicId: old.topicId });
    return { status: 'changed', vote: changed };
  }
  const standing = await findAnswer(db, ballot.voterId, old);
  if (standing && standing.id !== old.id) return { status: 'same', vote: standing };
  return standing ? { status: 'gone' } : { status: 'withdrawn', vote: old };
}
