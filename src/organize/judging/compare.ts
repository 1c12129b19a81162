import { sql } from 'kysely';
import type { Database } from '../../database.js';
import { type ComparedRank, compareWithout } from '../../ranking/diagnostics/compare-without.js';
import { findLastStep } from '../../ranking/diagnostics/steps.js';
import { type Position, positionSql } from '../../ranking/ranker/ledger-position.js';
import type { RankWorkerPool } from '../../ranking/ranker/rank-worker-pool.js';
import type { Judge } from './judges.js';

/** From so many votes on, figures of a voter are shown, and the ranking without them. */
export const ENOUGH_VOTES = 10;

/** So many voters with enough votes must remain when others are left out. */
export const ENOUGH_OTHERS = 3;

/** The ranking with and without some voters, or why it is not shown. */
export type Comparison =
  | { ranks: ComparedRank[] /** How many votes, skips included, it rests on. */; votes: number }
  | 'few'
  | 'few others';

/**
 * Ranks a topic with and without some of its voters. So that nobody can work out a single choice from it, each of them has
 * ten votes or more, three others have as well, and it rests on the votes of the topic in steps of ten.
 */
export async function compareJudges(
  { db, workers }: { db: Database; workers: RankWorkerPool },
  { topicId, judges, chosen }: { topicId: number; judges: Judge[]; chosen: Judge[] },
): Promise<Comparison> {
  const end = await findLastStep(db, topicId);
  if (!end) return 'few';
  const enough = await readVotersWithEnough(db, topicId, end.upTo);
  if (chosen.some(({ voterId }) => !enough.has(voterId))) return 'few';
  const voterIds = chosen.map(({ voterId }) => voterId);
  const others = judges.filter(
    ({ voterId, state }) => state === 'counted' && enough.has(voterId) && !voterIds.includes(voterId),
  );
  if (others.length < ENOUGH_OTHERS) return 'few others';
  const leftOut = judges.flatMap(({ voterId, state }) => (state === 'counted' ? [] : voterId));
  const ranks = await compareWithout(db, workers, { topicId, voterIds, leftOut, upTo: end.upTo });
  return { ranks, votes: end.votes };
}

async function readVotersWithEnough(db: Database, topicId: number, upTo: Position): Promise<Set<number>> {
  const at = positionSql(upTo);
  const { rows } = await sql<{ voterId: number }>`
    select voter_id from votes
    where topic_id = ${topicId} and not provisional and outcome <> 'skip' and (votes.xid, id) <= ${at}
      and (withdrawn_xid is null or (withdrawn_xid, id) > ${at})
    group by voter_id having count(*) >= ${ENOUGH_VOTES}`.execute(db);
  return new Set(rows.map(({ voterId }) => voterId));
}
