import { sql } from 'kysely';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import { isExcluded } from '../ranking/ledger.js';
import { scoreOf } from '../ranking/ratings.js';
import { applyVote } from '../rating/online.js';
import { ordinal } from '../web/words.js';
import type { Vote } from './voting.js';

/** Others who have answered a pair, from which on it is said how many of them agree. */
const ENOUGH = 5;
/** So many of them are counted at the most, so that a pair that very many have answered costs no more. */
const MOST_OTHERS = 1_000;

/**
 * Says what a vote did: how many others say the same of this pair, and whom the chosen one passes by it. Nothing is
 * said of what is not known, because few have answered or the ranking has moved on since.
 */
export async function effectOf(
  db: Database,
  board: Board,
  { vote, weight }: { vote: Vote; weight: number },
): Promise<string> {
  if (vote.outcome === 'skip' || vote.withdrawnAt) return '';
  return [await agreementOn(db, vote), movementBy(board, vote, weight)].filter(Boolean).join(' ');
}

async function agreementOn(db: Database, vote: Vote): Promise<string> {
  const { leftId, rightId, outcome } = vote;
  const { rows } = await sql<{ all: number; same: number }>`
    select count(*)::int as all, count(*) filter (where case
      when outcome = 'tie' then ${outcome} = 'tie'
      when outcome = 'left' then left_id = ${chosen(vote)} else right_id = ${chosen(vote)} end)::int as same
    from (
      select * from votes
      where least(left_id, right_id) = ${Math.min(leftId, rightId)}
        and greatest(left_id, right_id) = ${Math.max(leftId, rightId)}
        and withdrawn_at is null and outcome <> 'skip' and id <> ${vote.id}
        and not ${isExcluded('votes')}
      limit ${MOST_OTHERS}) as others`.execute(db);
  const { all, same } = rows[0] ?? { all: 0, same: 0 };
  if (all < ENOUGH) return '';
  if (same === all) return `All ${all} others say the same.`;
  return same === 0 ? `None of ${all} others says the same.` : `${same} of ${all} others say the same.`;
}

/** The chosen thing; 0 when neither was. */
function chosen({ outcome, leftId, rightId }: Vote): number {
  return outcome === 'left' ? leftId : outcome === 'right' ? rightId : 0;
}

// Worked out on the board as it was before the vote; the ranker will fold it in a moment.
function movementBy(board: Board, vote: Vote, weight: number): string {
  const [left, right] = [board.find(vote.leftId), board.find(vote.rightId)];
  if (!left || !right || vote.outcome === 'tie' || vote.createdAt <= board.loadedAt) return '';
  const field = {
    means: Float64Array.of(left.mean, right.mean),
    variances: Float64Array.of(left.variance, right.variance),
  };
  applyVote(field, 0, 1, scoreOf(vote), weight);
  const [winner, side] = vote.outcome === 'left' ? [left, 0] : [right, 1];
  const mean = field.means[side] ?? winner.mean;
  let rank = winner.rank;
  while ((board.standings[rank - 2]?.mean ?? Infinity) < mean) rank--;
  const nearest = board.standings[winner.rank - 2];
  if (rank === winner.rank || !nearest) return '';
  const more = winner.rank - rank - 1;
  return `That lifts ${winner.name} past ${nearest.name}${more > 0 ? ` and ${more} more` : ''}, to ${ordinal(rank)}.`;
}
