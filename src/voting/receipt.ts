import type { Board } from '../ranking/board.js';
import { type CountingReason, countingReasons } from '../rating/counting.js';
import type { Cast, Vote } from './voting.js';

/** What the pair page says about the vote before it. */
export interface Receipt {
  text: string;
  /** The ballot whose vote "Undo" takes back; without one there is nothing to undo. */
  undo?: string;
}

/** Puts what became of a vote into words for the one who cast it. */
export function receiptOf(board: Board, { status, vote }: Cast): Receipt {
  if (status === 'gone')
    return { text: 'One of those two was taken down meanwhile, so there was nothing to count.' };
  if (vote.withdrawnAt) return { text: `You took that back: ${answer(board, vote)}. It does not count.` };
  const undo = vote.ballotId;
  if (status === 'answered')
    return {
      text: `You had answered this pair before (${answer(board, vote)}), and that answer stands.`,
      undo,
    };
  if (vote.outcome === 'skip')
    return { text: `Noted: ${answer(board, vote)}. A skip counts for neither.`, undo };
  const partly = isCountingReason(vote.weightReason)
    ? ` It counts in part: ${countingReasons[vote.weightReason]}.`
    : '';
  return { text: `Counted: ${answer(board, vote)}.${partly}`, undo };
}

/** A receipt for a pair that is shown once more because its vote was taken back. */
export function undoneReceipt(board: Board, vote: Vote): Receipt {
  return { text: `Taken back: ${answer(board, vote)}. Here is that pair again.` };
}

function isCountingReason(reason: string | null): reason is CountingReason {
  return reason !== null && Object.hasOwn(countingReasons, reason);
}

function answer(board: Board, vote: Vote): string {
  const [left, right] = [vote.leftId, vote.rightId].map(
    (id) => board.find(id)?.name ?? 'something taken down',
  );
  if (vote.outcome === 'skip') return `you skipped ${left} and ${right}`;
  if (vote.outcome === 'tie') return `${left} and ${right} are about the same to you`;
  return vote.outcome === 'left' ? `you chose ${left} over ${right}` : `you chose ${right} over ${left}`;
}
