import { count, number } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Vote } from '../voting/voting.js';
import type { ChangeResult } from './change.js';
import type { OwnRanking } from './own-rankings.js';

/** Describes an answer in the words of its voter: "Ramen over Sushi". */
export function describeAnswer(
  board: Board | undefined,
  { leftId, rightId, outcome, unknown }: Vote,
): string {
  const [left, right] = [leftId, rightId].map((id) => board?.find(id)?.name ?? 'something that was removed');
  if (unknown) return `${left} and ${right} (you don’t know ${unknown === 'left' ? left : right})`;
  if (outcome === 'skip') return `${left} and ${right}, skipped`;
  if (outcome === 'tie') return `${left} and ${right} about the same`;
  return outcome === 'left' ? `${left} over ${right}` : `${right} over ${left}`;
}

/** The message on the list of votes after an answer was changed, or was left as it was. */
export function changeReceipt(boards: Boards, vote: Vote, status: ChangeResult['status']): string {
  const answer = describeAnswer(boards.byTopic(vote.topicId), vote);
  if (vote.withdrawnAt) return `You took this vote back: ${answer}. It doesn’t count.`;
  if (status === 'same') return `Same vote as before: ${answer}. Nothing has changed.`;
  return `Changed: ${answer}. Your old vote no longer counts.`;
}

/** Describes how often three choices make a cycle, with one example. */
export function describeCycles(
  board: Board,
  { cycles, ids }: OwnRanking,
): { fact: string; example: string | undefined } {
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
    example: a && b && c ? `${a} over ${b}, ${b} over ${c}, and ${c} over ${a}.` : undefined,
  };
}

// Fewer triads say nothing, because chance alone makes one cycle in four. Less than half of chance is "far
// fewer".
const [MIN_TRIADS, FAR_FEWER] = [4, 0.5];
