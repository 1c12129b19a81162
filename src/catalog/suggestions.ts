import { type Selectable, sql } from 'kysely';
import type { Database, Transaction } from '../database.js';
import type { SuggestionsTable } from '../schema.js';
import { addThings } from './add-things.js';
import { NO_CELLS, type ThingCells } from './thing-fields.js';
import { recordTopicEvent } from './topic-events.js';

/** A thing that a voter proposes. */
export type Suggestion = Selectable<SuggestionsTable>;

/** How many open suggestions one voter and one topic can have. */
export const [MAX_OPEN_OF_VOTER, MAX_OPEN] = [10, 500];

/**
 * Takes a suggestion of a voter. Its fields are checked already.
 * @returns why it can't be taken: the topic has such a thing, somebody has proposed it, or too many are open
 */
export async function suggestThing(
  trx: Transaction,
  { topicId, voterId, cells }: { topicId: number; voterId: number; cells: ThingCells },
): Promise<'taken' | 'proposed' | 'many' | undefined> {
  const { name, description, link } = cells;
  // Suggestions for one topic come one after the other, so that the numbers hold.
  await trx.selectFrom('topics').where('id', '=', topicId).select('id').forNoKeyUpdate().execute();
  const { rows } = await sql<{ isThing: boolean; isOpen: boolean; own: number; all: number }>`
    select exists (select from things where topic_id = ${topicId} and lower(name) = lower(${name})) as is_thing,
      coalesce(bool_or(lower(name) = lower(${name})), false) as is_open,
      (count(*) filter (where voter_id = ${voterId}))::int as own, count(*)::int as "all"
    from suggestions where topic_id = ${topicId} and decided_at is null`.execute(trx);
  const [found] = rows;
  if (found?.isThing) return 'taken';
  if (found?.isOpen) return 'proposed';
  if (found && (found.own >= MAX_OPEN_OF_VOTER || found.all >= MAX_OPEN)) return 'many';
  await trx
    .insertInto('suggestions')
    .values({ topicId, voterId, name, description: description || null, link: link || null })
    .execute();
  return undefined;
}

/** The suggestions of a voter in a topic, newest first; 50 at most. */
export async function suggestionsOf(
  db: Database,
  { topicId, voterId }: { topicId: number; voterId: number },
): Promise<(Suggestion & { thing: string | null })[]> {
  return db
    .selectFrom('suggestions')
    .leftJoin('things', 'things.id', 'thingId')
    .where('suggestions.topicId', '=', topicId)
    .where('voterId', '=', voterId)
    .selectAll('suggestions')
    .select('things.name as thing')
    .orderBy('suggestions.id', 'desc')
    .limit(50)
    .execute();
}

/**
 * The suggestions that nobody has decided on, oldest first, and the names of those who made them; 50 at most.
 * @param topicId undefined for those of all topics
 */
export async function openSuggestions(
  db: Database,
  topicId?: number,
): Promise<(Suggestion & { username: string | null; topicTitle: string })[]> {
  return db
    .selectFrom('suggestions')
    .innerJoin('topics', 'topics.id', 'topicId')
    .leftJoin('users', 'users.id', 'voterId')
    .$if(topicId !== undefined, (query) => query.where('topicId', '=', topicId ?? 0))
    .where('decidedAt', 'is', null)
    .where('deletedAt', 'is', null)
    .selectAll('suggestions')
    .select(['username', 'topics.title as topicTitle'])
    .orderBy('suggestions.id')
    .limit(50)
    .execute();
}

/** A decision about a suggestion. */
export type Decision =
  | { kind: 'accepted'; cells: ThingCells }
  | { kind: 'merged'; thingId: number }
  | { kind: 'refused'; reason: string };

/**
 * Decides about a suggestion of a topic.
 * @returns false when it is decided already, or there is a thing of the accepted name
 */
export async function decideSuggestion(
  trx: Transaction,
  { topicId, suggestionId, userId }: { topicId: number; suggestionId: number; userId: number | null },
  decision: Decision,
): Promise<boolean> {
  const open = await trx
    .selectFrom('suggestions')
    .where('id', '=', suggestionId)
    .where('topicId', '=', topicId)
    .where('decidedAt', 'is', null)
    .select('name')
    .forUpdate()
    .executeTakeFirst();
  if (!open) return false;
  let thingId = decision.kind === 'merged' ? decision.thingId : null;
  if (decision.kind === 'accepted') {
    const things = [{ ...NO_CELLS, ...decision.cells }];
    if ((await addThings(trx, { topicId, things, addedBy: userId })) === 0) return false;
    thingId = await findId(trx, topicId, decision.cells.name);
  }
  const reason = decision.kind === 'refused' ? decision.reason : null;
  await trx
    .updateTable('suggestions')
    .where('id', '=', suggestionId)
    .set({ decision: decision.kind, decidedAt: new Date(), decidedBy: userId, reason, thingId })
    .execute();
  const details = { name: open.name, ...(reason !== null && { reason }) };
  await recordTopicEvent(trx, { topicId, userId, kind: `suggestion ${decision.kind}`, details });
  return true;
}

async function findId(trx: Transaction, topicId: number, name: string): Promise<number> {
  const { id } = await trx
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where(sql`lower(name)`, '=', sql`lower(${name})`)
    .select('id')
    .executeTakeFirstOrThrow();
  return id;
}
