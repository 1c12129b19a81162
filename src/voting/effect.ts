import { ordinal } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import { applyVote } from '../ranking/math/online.js';
import type { PairCount } from '../ranking/ranker/pair-counts.js';
import { scoreOf } from '../ranking/ranker/ratings.js';
import type { Vote } from './voting.js';

/** Others who have answered a pair, from which on it is said how many of them agree. */
const ENOUGH = 5;

/**
 * Says what a vote did: how many others say the same of this pair, and whom the chosen one passes by it. Nothing is
 * said of what is not known, because few have answered or the ranking has moved on since.
 * @param others how everybody else answered the pair, as far as the pair counts go
 */
export function effectOf(
  board: Board,
  { vote, weight, others }: { vote: Vote; weight: number; others: PairCount | undefined },
): string {
  if (vote.outcome === 'skip' || vote.withdrawnAt) return '';
  const movement = vote.provisional ? '' : movementBy(board, vote, weight);
  return [agreementWith(others, vote), movement].filter(Boolean).join(' ');
}

function agreementWith(others: PairCount | undefined, vote: Vote): string {
  if (!others) return '';
  const all = others.lowWins + others.highWins + others.ties;
  if (all < ENOUGH) return '';
  const chosen = vote.outcome === 'left' ? vote.leftId : vote.rightId;
  const same =
    vote.outcome === 'tie' ? others.ties : chosen === others.low ? others.lowWins : others.highWins;
  if (same === all) return `All ${all} others say the same.`;
  return same === 0 ? `None of ${all} others says the same.` : `${same} of ${all} others say the same.`;
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
