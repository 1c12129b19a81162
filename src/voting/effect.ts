import { ordinal } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import { applyVote, estimatesOf } from '../ranking/math/online-update.js';
import type { PairCount } from '../ranking/ranker/pair-counts.js';
import { scoreOf } from '../ranking/ranker/ratings.js';
import type { Vote } from './voting.js';

/** With fewer others who answered the pair, nothing is said about agreement. */
const MIN_OTHERS = 5;

/**
 * Describes what a vote did: how many others gave the same answer, and which things the chosen one passes. It
 * leaves out what is not known, because few others answered or the ranking has changed since.
 * @param others how all others answered the pair, as far as the pair counts go
 */
export function effectOf(
  board: Board,
  { vote, weight, others }: { vote: Vote; weight: number; others: PairCount | undefined },
): string {
  if (vote.outcome === 'skip' || vote.withdrawnAt) return '';
  const movement = vote.provisional ? '' : describeMovement(board, vote, weight);
  return [describeAgreement(others, vote), movement].filter(Boolean).join(' ');
}

function describeAgreement(others: PairCount | undefined, vote: Vote): string {
  if (!others) return '';
  const total = others.lowWins + others.highWins + others.ties;
  if (total < MIN_OTHERS) return '';
  const chosen = vote.outcome === 'left' ? vote.leftId : vote.rightId;
  const same =
    vote.outcome === 'tie' ? others.ties : chosen === others.low ? others.lowWins : others.highWins;
  if (same === total) return `All ${total} others agreed.`;
  return same === 0 ? `None of the ${total} others agreed.` : `${same} of ${total} others agreed.`;
}

// The board does not contain the vote yet, so this predicts what the ranker will do.
function describeMovement(board: Board, vote: Vote, weight: number): string {
  const [left, right] = [board.find(vote.leftId), board.find(vote.rightId)];
  if (!left || !right || vote.outcome === 'tie' || vote.createdAt <= board.loadedAt) return '';
  const estimates = estimatesOf([left, right]);
  applyVote(estimates, { left: 0, right: 1, score: scoreOf(vote), weight });
  const [winner, side] = vote.outcome === 'left' ? [left, 0] : [right, 1];
  const mean = estimates.means[side] ?? winner.mean;
  let rank = winner.rank;
  while ((board.standings[rank - 2]?.mean ?? Infinity) < mean) rank--;
  const nearest = board.standings[winner.rank - 2];
  if (rank === winner.rank || !nearest) return '';
  const more = winner.rank - rank - 1;
  return `${winner.name} moves up past ${nearest.name}${more > 0 ? ` and ${more} more` : ''}, to about ${ordinal(rank)}.`;
}
