import { count, number } from '../http/format.js';
import type { Words } from '../http/words.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Vote } from '../voting/voting.js';
import { describeShortly } from '../voting/words.js';
import type { ChangeResult } from './change.js';
import type { OwnRanking } from './own-rankings.js';

/** The message on the list of votes after an answer was changed, or was left as it was. */
export function changeReceipt(boards: Boards, vote: Vote, status: ChangeResult['status']): Words {
  const board = boards.byTopic(vote.topicId);
  const answer: Words = board ? describeShortly(board, vote) : ['your vote'];
  if (vote.withdrawnAt) return ['You took this vote back: ', ...answer, '. It doesn’t count.'];
  if (status === 'same') return ['Same vote as before: ', ...answer, '. Nothing has changed.'];
  return ['Changed: ', ...answer, '. Your old vote no longer counts.'];
}

/** Describes how often three choices make a cycle, with one example. */
export function describeCycles(
  board: Board,
  { cycles, ids }: OwnRanking,
): { fact: string; example: Words | undefined } {
  const { triads, circular, latest } = cycles;
  if (triads < MIN_TRIADS)
    return {
      fact: 'Keep voting to see how often your votes contradict each other.',
      example: undefined,
    };
  const chance = Math.round(triads / 4);
  const seen = `You voted on every pair in ${count(triads, 'group')} of three things`;
  if (circular === 0)
    return {
      fact: `${seen}. In none of them do your votes contradict each other. With coin tosses, about ${count(chance, 'group')} would.`,
      example: undefined,
    };
  const [a, b, c] = (latest ?? []).map((thing) => board.find(ids[thing] ?? 0)?.name);
  const compare =
    4 * circular < triads * FAR_FEWER
      ? 'far fewer than'
      : circular < chance
        ? 'fewer than'
        : circular === chance
          ? 'as many as'
          : 'more than';
  return {
    fact: `${seen}. In ${number(circular)} of them, your votes contradict each other: ${compare} the ${number(chance)} that coin tosses would give.`,
    example: a && b && c ? describeCycle({ name: a }, { name: b }, { name: c }) : undefined,
  };
}

type Name = { name: string };

const describeCycle = (a: Name, b: Name, c: Name): Words => [
  ...[a, ' over ', b, ', '],
  ...[b, ' over ', c, ', and '],
  ...[c, ' over ', a, '.'],
];

// Fewer triads say nothing, because chance alone makes one cycle in four. Less than half of chance is "far
// fewer".
const [MIN_TRIADS, FAR_FEWER] = [4, 0.5];
