import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Pair } from './pairs.js';

/** Pairs that may come next. */
export interface Candidates {
  /** Pairs that are in the voter's queue already. */
  queued: Pair[];
  /** Pairs that were drawn for this vote. */
  drawn: Pair[];
}

/** A candidate that the voter has no standing answer to. */
export interface OpenIndex {
  /** Its index among the candidates, the queued ones first. */
  index: number;
  /** Whether the voter answered it and took that answer back. */
  wasAnswered: boolean;
}

/** Finds those candidates that a voter has not answered. */
export async function findOpen(db: Database, voterId: number, candidates: Candidates): Promise<Candidates> {
  const pairs = [...candidates.queued, ...candidates.drawn];
  if (pairs.length === 0) return candidates;
  const { rows } = await sql<OpenIndex>`
    select (number - 1)::int as index, exists (
      select from votes where voter_id = ${voterId} and withdrawn_at is not null and strategy <> 'asked'
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other)
    ) as was_answered
    from unnest(${pairs.map(({ leftId }) => leftId)}::bigint[], ${pairs.map(({ rightId }) => rightId)}::bigint[])
      with ordinality as drawn (one, other, number)
    where not exists (select from votes where voter_id = ${voterId} and withdrawn_at is null
      and least(left_id, right_id) = least(one, other) and greatest(left_id, right_id) = greatest(one, other))
    order by number`.execute(db);
  return selectOpen(candidates, rows);
}

/**
 * Selects the open candidates. A drawn pair whose answer was taken back is left out while there are other pairs.
 */
export function selectOpen({ queued, drawn }: Candidates, open: OpenIndex[]): Candidates {
  const openQueued: Pair[] = [];
  const openDrawn: Pair[] = [];
  for (const { index, wasAnswered } of open) {
    const pair = queued[index] ?? drawn[index - queued.length];
    if (pair && index < queued.length) openQueued.push(pair);
    else if (pair && !wasAnswered) openDrawn.push(pair);
  }
  return { queued: openQueued, drawn: openDrawn };
}
