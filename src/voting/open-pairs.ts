import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Pair } from './pairs.js';

/** Of the pairs that may come next, those that the voter has not answered. */
export interface Open {
  /** From their queue. */
  due: Pair[];
  /** Drawn just now. */
  drawn: Pair[];
}

/** Finds out which of some pairs a voter has not answered. @param pairs those of their queue, and others */
export async function findOpen(
  db: Database,
  voter: number,
  { due, drawn }: { due: Pair[]; drawn: Pair[] },
): Promise<Open> {
  const pairs = [...due, ...drawn];
  if (pairs.length === 0) return { due: [], drawn: [] };
  const { rows } = await sql<{ index: number; wasAnswered: boolean }>`
    select (number - 1)::int as index, exists (
      select from votes where voter_id = ${voter} and withdrawn_at is not null and strategy <> 'asked'
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other)
    ) as was_answered
    from unnest(${pairs.map(({ leftId }) => leftId)}::bigint[], ${pairs.map(({ rightId }) => rightId)}::bigint[])
      with ordinality as drawn (one, other, number)
    where not exists (select from votes where voter_id = ${voter} and withdrawn_at is null
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other))
    order by number`.execute(db);
  return sortOpen(pairs, due.length, rows);
}

/**
 * Sorts the candidates that are open.
 * @param pairs all candidates, those of the queue first
 * @param due how many those are
 */
export function sortOpen(pairs: Pair[], due: number, open: { index: number; wasAnswered: boolean }[]): Open {
  const at = (rows: typeof open): Pair[] => rows.flatMap(({ index }) => pairs[index] ?? []);
  return {
    due: at(open.filter(({ index }) => index < due)),
    // One whose answer was taken back is not drawn again as long as there are others.
    drawn: at(open.filter(({ index, wasAnswered }) => index >= due && !wasAnswered)),
  };
}
