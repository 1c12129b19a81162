import type { Board } from '../ranking/boards/board.js';
import type { WeightReason } from '../schema.js';
import type { CastResult } from './ballot-box.js';
import type { Vote } from './voting.js';

/** What the pair page says about the vote before. */
export interface Receipt {
  text: string;
  /** What the vote did, as far as it is known. */
  effect?: string;
  /** The ballot of the vote that "Undo" withdraws; without it there is no such button. */
  undo?: string;
}

/** A pair and the answer to it. */
type AnsweredPair = Pick<Vote, 'leftId' | 'rightId' | 'outcome' | 'unknown'>;

/**
 * Tells a voter what happened to their vote.
 * @param reason why it does not count in full; undefined when it does
 */
export function receiptOf(
  board: Board,
  { status, vote }: Pick<CastResult, 'status' | 'vote'>,
  reason?: WeightReason,
): Receipt {
  if (!vote) return { text: 'One of them was removed, so your vote didn’t count.' };
  if (vote.withdrawnAt)
    return { text: `You took this vote back: ${describeAnswer(board, vote)}. It doesn’t count.` };
  const undo = vote.ballotId;
  if (status === 'answered') return answeredReceipt(board, vote, undo);
  if (vote.provisional) return { text: `Saved: ${describeAnswer(board, vote)}.`, undo };
  if (vote.unknown) return { text: `Noted: ${describeAnswer(board, vote)}. We won’t show it again.`, undo };
  if (vote.outcome === 'skip')
    return { text: `Noted: ${describeAnswer(board, vote)}. Skips don’t affect the ranking.`, undo };
  const partly = reason ? ` It counts less, because ${partialReasons[reason]}.` : '';
  return { text: `Counted: ${describeAnswer(board, vote)}.${partly}`, undo };
}

const partialReasons: Record<WeightReason, string> = {
  skipping: 'you skipped more than 5 of the 20 pairs before it',
  asked: 'you picked this pair',
  'one-sided': 'many votes from your network push the same thing',
};

/** The receipt for a pair whose earlier answer stands. */
function answeredReceipt(board: Board, answered: AnsweredPair, ballotId: string): Receipt {
  const text = `You already voted on this pair (${describeAnswer(board, answered)}). Your earlier answer stays.`;
  return { text, undo: ballotId };
}

/** The receipt for a withdrawn vote. @param isShown whether its pair is shown again */
export function undoneReceipt(board: Board, vote: AnsweredPair, isShown: boolean): Receipt {
  return { text: `Taken back: ${describeAnswer(board, vote)}.${isShown ? ' Here is that pair again.' : ''}` };
}

function describeAnswer(board: Board, vote: AnsweredPair): string {
  const [left, right] = [vote.leftId, vote.rightId].map(
    (id) => board.find(id)?.name ?? 'something that was removed',
  );
  if (vote.unknown) return `you don’t know ${vote.unknown === 'left' ? left : right}`;
  if (vote.outcome === 'skip') return `you skipped ${left} and ${right}`;
  if (vote.outcome === 'tie') return `${left} and ${right} are about the same to you`;
  return vote.outcome === 'left' ? `you chose ${left} over ${right}` : `you chose ${right} over ${left}`;
}
