import type { Board } from '../ranking/boards/board.js';
import type { WeightReason } from '../schema.js';
import type { Cast } from './ballot-box.js';
import type { Vote } from './voting.js';

/** What the pair page says about the vote before it. */
export interface Receipt {
  text: string;
  /** What the vote did, as far as that is known. */
  effect?: string;
  /** The ballot whose vote "Undo" takes back; without one there is nothing to undo. */
  undo?: string;
}

/** A pair and what somebody said of it. */
export type Answered = Pick<Vote, 'leftId' | 'rightId' | 'outcome' | 'unknown'>;

/** Why a ballot was not taken, in words. */
export const refusals = {
  forged: 'Nothing was counted: that ballot could not be read. Here is a fresh pair.',
  expired: 'Nothing was counted: that pair had been open for more than a day. Here is a fresh one.',
  foreign: 'Nothing was counted: that pair was shown to someone else. Here is one of your own.',
  elsewhere: 'Nothing was counted: that ballot belongs to another topic. Here is a fresh pair.',
  loggedIn: 'Nothing was counted: you have logged in since that pair was shown. Here is one of your own.',
  guestGone: 'Nothing was counted: your votes here were moved to your account, or deleted, just now.',
  guestAsked:
    'To choose what you compare, register or log in. Guests all get the same pairs; here is the one that comes next.',
  unanswered: 'Nothing was counted yet. Choose one of the answers below.',
};

/**
 * Puts what became of a vote into words for the one who cast it.
 * @param reason why it counts in part, if it does
 */
export function receiptOf(
  board: Board,
  { status, vote }: Pick<Cast, 'status' | 'vote'>,
  reason?: WeightReason,
): Receipt {
  if (!vote) return { text: 'One of those two was taken down meanwhile, so there was nothing to count.' };
  if (vote.withdrawnAt) return { text: `You took that back: ${answer(board, vote)}. It does not count.` };
  const undo = vote.ballotId;
  if (status === 'answered') return answeredReceipt(board, vote, undo);
  if (vote.provisional) return { text: `Kept for you: ${answer(board, vote)}.`, undo };
  if (vote.unknown) return { text: `Noted: ${answer(board, vote)}. You will not be shown it again.`, undo };
  if (vote.outcome === 'skip')
    return { text: `Noted: ${answer(board, vote)}. A skip counts for neither.`, undo };
  const partly = reason ? ` It counts in part: ${partialReasons[reason]}.` : '';
  return { text: `Counted: ${answer(board, vote)}.${partly}`, undo };
}

const partialReasons: Record<WeightReason, string> = {
  skipping: 'you skipped more than five of the twenty pairs before it',
  asked: 'you asked for that pair',
};

/** A receipt for a pair that had been answered before, and where that answer stands. */
function answeredReceipt(board: Board, answered: Answered, ballotId: string): Receipt {
  const text = `You had answered this pair before (${answer(board, answered)}), and that answer stands.`;
  return { text, undo: ballotId };
}

/** A receipt for a vote that was taken back. @param isShown whether its pair is shown once more beside it */
export function undoneReceipt(board: Board, vote: Answered, isShown: boolean): Receipt {
  return { text: `Taken back: ${answer(board, vote)}.${isShown ? ' Here is that pair again.' : ''}` };
}

function answer(board: Board, vote: Answered): string {
  const [left, right] = [vote.leftId, vote.rightId].map(
    (id) => board.find(id)?.name ?? 'something taken down',
  );
  if (vote.unknown) return `you don’t know ${vote.unknown === 'left' ? left : right}`;
  if (vote.outcome === 'skip') return `you skipped ${left} and ${right}`;
  if (vote.outcome === 'tie') return `${left} and ${right} are about the same to you`;
  return vote.outcome === 'left' ? `you chose ${left} over ${right}` : `you chose ${right} over ${left}`;
}
