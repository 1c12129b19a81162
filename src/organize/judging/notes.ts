import { sql } from 'kysely';
import { recordTopicEvent } from '../../catalog/topic-events.js';
import type { Database, Transaction } from '../../database.js';

/** A note as the organisers read it. It does not tell what its voter chose. */
export interface JudgeNote {
  id: string;
  note: string;
  thingId: number;
  thing: string;
  /** The other thing of the pair. */
  other: string;
  /** The name on the invitation, where the writer was told that the organisers see it; else null. */
  by: string | null;
  /** When the vote was cast, for its day. */
  at: Date;
}

/** The most notes about a thing that a page shows. The CSV has all. */
const MAX_SHOWN = 500;

/** The things of a topic about which there are notes, by name, and how many each has. */
export async function listNotedThings(
  db: Database,
  topicId: number,
): Promise<{ id: number; name: string; notes: number }[]> {
  const { rows } = await sql<{ id: number; name: string; notes: number }>`
    select thing_id as id, thing as name, count(*)::int as notes from (${notesOf(topicId)}) as notes
    group by thing_id, thing order by lower(thing)`.execute(db);
  return rows;
}

/** Lists the notes about a thing, in no telling order; without a thing, all of the topic, each once. */
export async function listNotes(db: Database, topicId: number, thingId?: number): Promise<JudgeNote[]> {
  const { rows } = await sql<JudgeNote>`
    select id, note, thing_id, thing, other, by, at from (${notesOf(topicId)}) as notes
    where ${thingId === undefined ? sql`is_first` : sql`thing_id = ${thingId}`}
    order by lower(thing), id ${thingId === undefined ? sql`` : sql`limit ${MAX_SHOWN}`}`.execute(db);
  return rows;
}

/**
 * Removes a note. Its vote stays.
 * @returns whether the topic has that note
 */
export async function removeNote(
  trx: Transaction,
  { topicId, userId, id }: { topicId: number; userId: number; id: string },
): Promise<boolean> {
  const { rows } = await sql<{ names: string }>`
    delete from vote_notes using votes join things as l on l.id = left_id join things as r on r.id = right_id
    where vote_id = votes.id and vote_notes.topic_id = ${topicId} and vote_notes.id::text = ${id}
    returning least(l.name, r.name) || ' and ' || greatest(l.name, r.name) as names`.execute(trx);
  const [removed] = rows;
  if (!removed) return false;
  await recordTopicEvent(trx, { topicId, userId, kind: 'note removed', details: { name: removed.names } });
  return true;
}

// Each note stands with both things of its pair. A merged thing's notes are those of the thing that it became.
const notesOf = (topicId: number) => sql`
  select vote_notes.id, note, own.id as thing_id, own.name as thing, other.name as other, seen.id < other.id as is_first,
    case when is_named then invitations.name end as by, votes.created_at as at
  from vote_notes join votes on votes.id = vote_id
    join things as seen on seen.id in (left_id, right_id)
    join things as own on own.id = coalesce(seen.merged_into, seen.id)
    join things as other on other.id = left_id + right_id - seen.id
    left join invitations on invitations.topic_id = vote_notes.topic_id and invitations.voter_id = votes.voter_id
  where vote_notes.topic_id = ${topicId} and not provisional`;
