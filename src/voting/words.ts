import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import type { Vote } from './voting.js';

/** A pair and the answer to it. */
export type AnsweredPair = Pick<Vote, 'leftId' | 'rightId' | 'outcome' | 'unknown'>;

/** Copies the pair and the answer of a vote. */
export const answeredPairOf = ({ leftId, rightId, outcome, unknown }: Vote): AnsweredPair => ({
  leftId,
  rightId,
  outcome,
  unknown,
});

/** Describes an answer: "you chose Ramen over Pie". */
export function describeAnswer(board: Board, vote: AnsweredPair): Words {
  const nameOf = (id: number) => ({ name: board.find(id)?.name ?? 'something that was removed' });
  const [left, right] = [nameOf(vote.leftId), nameOf(vote.rightId)];
  if (vote.unknown) return ['you don’t know ', vote.unknown === 'left' ? left : right];
  if (vote.outcome === 'skip') return ['you skipped ', left, ' and ', right];
  if (vote.outcome === 'tie') return [left, ' and ', right, ' are about the same to you'];
  const [chosen, other] = vote.outcome === 'left' ? [left, right] : [right, left];
  return ['you chose ', chosen, ' over ', other];
}

/** Describes an answer as on a narrow screen: "Ramen over Pie". */
export const describeShortly = (board: Board, vote: AnsweredPair): Words =>
  describeAnswer(board, vote).filter((part) => part !== 'you chose ');
