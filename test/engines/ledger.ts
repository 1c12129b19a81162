import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../src/database.js';
import type { Voter } from '../faults/voter.js';

/** The votes that the site has acknowledged to some voters: who, which ballot, and what it says now. */
export const acknowledgedBy = (voters: Voter[]): string[] =>
  voters.flatMap(({ name, acknowledged }) =>
    [...acknowledged].map(([id, choice]) => `${name} ${id} ${choice}`),
  );

/** Expects that the ledger has exactly the votes that the site has acknowledged to these voters. */
export async function expectLedger(db: Database, voters: Voter[]): Promise<void> {
  const { rows } = await sql<{ vote: string }>`
    select username || ' ' || ballot_id || ' ' || outcome ||
      case when withdrawn_at is null then '' else ', undone' end as vote
    from votes join users on users.id = voter_id`.execute(db);
  const [expected, stored] = [acknowledgedBy(voters), rows.map(({ vote }) => vote)];
  expect({
    lost: difference(expected, stored),
    unexpected: difference(stored, expected),
    count: stored.length,
  }).toEqual({
    lost: [],
    unexpected: [],
    count: expected.length,
  });
  const duplicates = await sql`
    select voter_id from votes where withdrawn_at is null
    group by voter_id, least(left_id, right_id), greatest(left_id, right_id) having count(*) > 1`.execute(db);
  expect(duplicates.rows).toEqual([]);
}

function difference(all: string[], excluded: string[]): string[] {
  const set = new Set(excluded);
  return all.filter((item) => !set.has(item));
}

/** Tells whether the ranker still has votes to read, or a topic to fit. */
export async function isRankingBehind(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select from votes, ranker_position as position
    where (votes.xid, votes.id) > (position.xid, position.id)
      or (withdrawn_xid, votes.id) > (position.xid, position.id)
    union all select from boards where stale_since is not null`.execute(db);
  return rows.length > 0;
}
