import { sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import type { TopicSummary } from '../ranking/boards/board.js';

/** The most characters that a note can have. */
export const MAX_NOTE = 280;

/** Reads a note that somebody typed; undefined without one. */
export function readNote(text: string): string | 'too long' | undefined {
  const note = text
    .normalize('NFC')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  if ([...note].length > MAX_NOTE) return 'too long';
  return note || undefined;
}

/**
 * Whether a note still has the readers that its form named, and they learn the name of its writer or not as it said.
 * @param readers what the form says; empty for a form without a note
 */
export const hasSameReaders = (
  readers: string,
  { notes, access }: Pick<TopicSummary, 'notes' | 'access'>,
): boolean => readers === '' || readers === `${notes} ${access}`;

/** Finds the note of a vote; undefined when it has none. */
export async function findNote(db: Database, voteId: number): Promise<string | undefined> {
  const row = await db.selectFrom('voteNotes').where('voteId', '=', voteId).select('note').executeTakeFirst();
  return row?.note;
}

/** Removes all notes of a voter. Their votes stay. */
export async function removeNotesOf(trx: Transaction, voterId: number): Promise<void> {
  await sql`
    delete from vote_notes using votes where vote_id = votes.id and voter_id = ${voterId}`.execute(trx);
}

/** Whether there are notes about things of a voter's team, for the team to read. */
export async function hasNotes(db: Database, topicId: number, voterId: number): Promise<boolean> {
  const { rows } = await sql`
    select from (${ofOwnThings(topicId, voterId)}) as notes limit 1`.execute(db);
  return rows.length > 0;
}

/** A note about a thing of the reader's team. */
interface TeamNote {
  thing: string;
  /** The other thing of the pair. */
  other: string;
  note: string;
}

/** The most notes that a page for a team shows. */
const MAX_SHOWN = 500;

/** Lists the notes about the things of a voter's team, by thing, without who wrote them and when. */
export async function notesForTeam(db: Database, topicId: number, voterId: number): Promise<TeamNote[]> {
  const { rows } = await sql<TeamNote>`
    select thing, other, note from (${ofOwnThings(topicId, voterId)}) as notes
    order by lower(thing), id limit ${MAX_SHOWN}`.execute(db);
  return rows;
}

// Notes are for the teams only where their writers were told so, and as long as the organisers want it. The one who has
// proposed a thing is its team. A merged thing's notes are those of the thing that it became.
const ofOwnThings = (topicId: number, voterId: number) => sql`
  select note, vote_notes.id, own.name as thing, other.name as other
  from vote_notes join votes on votes.id = vote_id join topics on topics.id = vote_notes.topic_id
    join things as seen on seen.id in (left_id, right_id)
    join things as own on own.id = coalesce(seen.merged_into, seen.id)
    join things as other on other.id = left_id + right_id - seen.id
  where vote_notes.topic_id = ${topicId} and readers = 'teams' and topics.notes = 'teams' and not provisional
    and (exists (select from invitations where invitations.topic_id = ${topicId} and voter_id = ${voterId}
        and joined_at is not null and revoked_at is null and lower(trim(team)) = lower(trim(own.team)))
      or exists (select from suggestions where thing_id = own.id and suggestions.voter_id = ${voterId}
        and decision = 'accepted'))`;
