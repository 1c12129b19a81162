import { ordinal } from '../http/format.js';
import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import { applyVote, estimatesOf } from '../ranking/math/online-update.js';
import type { PairCount } from '../ranking/ranker/pair-counts.js';
import { scoreOf } from '../ranking/ranker/ratings.js';
import type { Vote } from './voting.js';

/** How many others gave the same answer to a pair. */
export interface Agreement {
  same: number;
  total: number;
}

/** With fewer others who answered the pair, nothing is said about agreement. */
const MIN_OTHERS = 5;

/**
 * Describes what a vote did: how many others gave the same answer, and where the chosen thing moves. It leaves out
 * what is not known, because few others answered or the ranking has changed since.
 * @param others how all others answered the pair, as far as the pair counts go
 */
export function effectOf(
  board: Board,
  { vote, weight, others }: { vote: Vote; weight: number; others: PairCount | undefined },
): { agreement: Agreement | undefined; movement: Words | undefined } {
  if (vote.outcome === 'skip' || vote.withdrawnAt) return { agreement: undefined, movement: undefined };
  return {
    agreement: agreementWith(others, vote),
    movement: vote.provisional ? undefined : describeMovement(board, vote, weight),
  };
}

function agreementWith(others: PairCount | undefined, vote: Vote): Agreement | undefined {
  if (!others) return undefined;
  const total = others.lowWins + others.highWins + others.ties;
  if (total < MIN_OTHERS) return undefined;
  const chosen = vote.outcome === 'left' ? vote.leftId : vote.rightId;
  const same =
    vote.outcome === 'tie' ? others.ties : chosen === others.low ? others.lowWins : others.highWins;
  return { same, total };
}

// The board does not contain the vote yet, so this predicts what the ranker will do.
function describeMovement(board: Board, vote: Vote, weight: number): Words | undefined {
  const [left, right] = [board.find(vote.leftId), board.find(vote.rightId)];
  if (!left || !right || vote.outcome === 'tie' || vote.createdAt <= board.loadedAt) return undefined;
  const estimates = estimatesOf([left, right]);
  applyVote(estimates, { left: 0, right: 1, score: scoreOf(vote), weight });
  const [winner, side] = vote.outcome === 'left' ? [left, 0] : [right, 1];
  const mean = estimates.means[side] ?? winner.mean;
  let rank = winner.rank;
  while ((board.standings[rank - 2]?.mean ?? Infinity) < mean) rank--;
  return rank === winner.rank ? undefined : [{ name: winner.name }, ` moves up to about ${ordinal(rank)}`];
}
