import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import type { WeightReason } from '../schema.js';
import type { CastResult } from './ballot-box.js';
import type { Agreement } from './effect.js';
import type { Queue } from './queue.js';
import { type AnsweredPair, describeAnswer } from './words.js';

/** What the pair page says about the vote before. */
export interface Receipt {
  /** What became of the vote in a word: "Counted". Undefined when the text says it. */
  status?: string;
  /** What the vote was, after the status. Without a status, a whole message. */
  text: Words;
  /** How many others gave the same answer, as far as it is known. */
  agreement?: Agreement | undefined;
  /** What the vote did, as far as it is known, or why it counts less. */
  effect?: Words | undefined;
  /** The ballot of the vote that "Undo" withdraws; without it there is no such button. */
  undo?: string;
}

/**
 * Tells a voter what happened to their vote.
 * @param reason why it does not count in full; undefined when it does
 */
export function receiptOf(
  board: Board,
  { status, vote }: Pick<CastResult, 'status' | 'vote'>,
  reason?: WeightReason,
): Receipt {
  if (!vote) return { text: ['One of them was removed, so your vote didn’t count.'] };
  const text = describeAnswer(board, vote);
  if (vote.withdrawnAt) return { text: ['You took this vote back: ', ...text, '. It doesn’t count.'] };
  const undo = vote.ballotId;
  if (status === 'answered')
    return { text: ['You already voted on this pair (', ...text, '). Your earlier answer stays.'], undo };
  if (vote.provisional) return { status: 'Saved', text, undo };
  if (vote.unknown) return { status: 'Noted', text, effect: ['We won’t show it again'], undo };
  if (vote.outcome === 'skip')
    return { status: 'Noted', text, effect: ['Skips don’t affect the ranking'], undo };
  if (!reason) return { status: 'Counted', text, undo };
  return { status: 'Counted', text, effect: [`It counts less, because ${partialReasons[reason]}`], undo };
}

const partialReasons: Record<WeightReason, string> = {
  skipping: 'you skipped more than 5 of the 20 pairs before it',
  asked: 'you picked this pair',
  'one-sided': 'many people on the same internet connection voted the same way',
};

/** The receipt for a withdrawn vote. @param isShown whether its pair is shown again */
export function undoneReceipt(board: Board, vote: AnsweredPair, isShown: boolean): Receipt {
  return {
    status: 'Taken back',
    text: describeAnswer(board, vote),
    ...(isShown && { effect: ['Here is that pair again'] }),
  };
}

/** The receipt for a thing that was left aside, because nobody was there. "Undo" is still for the vote before. */
export const awayReceipt = (board: Board, { last, latest }: Queue, id: number): Receipt => ({
  text: ['You get ', { name: board.find(id)?.name ?? 'it' }, ' again in about ten minutes'],
  ...(last && latest && { undo: latest }),
});
