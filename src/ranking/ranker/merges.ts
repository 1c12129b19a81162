import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database.js';
import { type LedgerRange, type Position, positionSql } from './ledger-position.js';

/** The merged things of a topic: the id of each, and of the thing for which its votes count. */
export type Merges = ReadonlyMap<number, number>;

/** Reads the merged things of a topic. */
export async function readMerges(db: Database, topicId: number): Promise<Merges> {
  const rows = await db
    .selectFrom('things')
    .where('topicId', '=', topicId)
    .where('mergedInto', 'is not', null)
    .select(['id', 'mergedInto'])
    .execute();
  return mergesOf(rows);
}

/** Tells from the things of a topic which of them are merged, and into which. */
export function mergesOf(things: { id: number; mergedInto: number | null }[]): Merges {
  const into = new Map(
    things.flatMap(({ id, mergedInto }) => (mergedInto === null ? [] : [[id, mergedInto]])),
  );
  return new Map([...into.keys()].map((id) => [id, endOf(into, id)]));
}

/** Follows a chain: a thing can be merged into one that is merged later. */
function endOf(into: Map<number, number>, id: number): number {
  let end = id;
  // No chain is longer than the number of merges, even if somebody made a circle by SQL.
  for (let steps = 0; steps <= into.size; steps++) end = into.get(end) ?? end;
  return end;
}

/** Whether two readings of a topic's merges are the same. */
export const hasSameMerges = (one: Merges, other: Merges): boolean =>
  one.size === other.size && [...one].every(([id, end]) => other.get(id) === end);

/**
 * SQL for whether a row of `votes` still counts after merges. When a voter has answered the same pair about several of
 * the things that are one now, only the latest of these answers counts.
 */
export function isLatestAnswer(merges: Merges, upTo: Position): RawBuilder<boolean> {
  if (merges.size === 0) return sql<boolean>`true`;
  return sql<boolean>`not (${isAbout(merges, 'votes')} and exists (
    select from votes as later where ${isSameAnswer(merges)} and (later.xid, later.id) > (votes.xid, votes.id)
      and ${countsUpTo('later', upTo)}))`;
}

/** Whether a range of the ledger has an answer that replaces an earlier one, because of merges. */
export async function hasRepeatedAnswers(
  db: Database,
  { topicId, merges }: { topicId: number; merges: Merges },
  { from, upTo }: LedgerRange,
): Promise<boolean> {
  if (merges.size === 0) return false;
  const { rows } = await sql`
    select from votes where topic_id = ${topicId} and not provisional and outcome <> 'skip'
      and (xid, id) > ${positionSql(from)} and (xid, id) <= ${positionSql(upTo)} and ${isAbout(merges, 'votes')}
      and exists (select from votes as later where ${isSameAnswer(merges)}
        and (later.xid, later.id) < (votes.xid, votes.id) and ${countsUpTo('later', upTo)}) limit 1`.execute(
    db,
  );
  return rows.length > 0;
}

const countsUpTo = (table: string, upTo: Position): RawBuilder<boolean> => sql<boolean>`(
  (${sql.ref(`${table}.xid`)}, ${sql.ref(`${table}.id`)}) <= ${positionSql(upTo)}
  and (${sql.ref(`${table}.withdrawn_xid`)} is null
    or (${sql.ref(`${table}.withdrawn_xid`)}, ${sql.ref(`${table}.id`)}) > ${positionSql(upTo)}))`;

function isAbout(merges: Merges, table: string): RawBuilder<boolean> {
  const ids = [...new Set([...merges].flat())];
  const has = (side: string) => sql`${sql.ref(`${table}.${side}`)} = any (${ids}::bigint[])`;
  return sql<boolean>`(${has('left_id')} or ${has('right_id')})`;
}

// An answer about another item is another answer, as it is without merges.
function isSameAnswer(merges: Merges): RawBuilder<boolean> {
  const end = (
    column: string,
  ) => sql`coalesce((select merged.end_id from unnest(${[...merges.keys()]}::bigint[],
    ${[...merges.values()]}::bigint[]) as merged (id, end_id) where merged.id = ${sql.ref(column)}), ${sql.ref(column)})`;
  const pair = (table: string) => {
    const [left, right] = [end(`${table}.left_id`), end(`${table}.right_id`)];
    return sql`(least(${left}, ${right}), greatest(${left}, ${right}))`;
  };
  return sql<boolean>`(later.voter_id = votes.voter_id and later.topic_id = votes.topic_id and not later.provisional
    and later.outcome <> 'skip' and later.item is not distinct from votes.item and ${pair('later')} = ${pair('votes')})`;
}
