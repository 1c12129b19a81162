import { count, number } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Vote } from '../voting/voting.js';
import type { Change } from './change.js';
import type { OwnFigures } from './own-figures.js';

/** An answer as its giver would say it: "Ramen over Sushi". */
export function answerOf(board: Board | undefined, { leftId, rightId, outcome, unknown }: Vote): string {
  const [left, right] = [leftId, rightId].map((id) => board?.find(id)?.name ?? 'something taken down');
  if (unknown) return `${left} and ${right}, of which you don’t know ${unknown === 'left' ? left : right}`;
  if (outcome === 'skip') return `${left} and ${right}, skipped`;
  if (outcome === 'tie') return `${left} and ${right} about the same`;
  return outcome === 'left' ? `${left} over ${right}` : `${right} over ${left}`;
}

/** What the history says when somebody comes back to it from a pair that was shown once more. */
export function changeReceipt(boards: Boards, vote: Vote, status: Change['status']): string {
  const answer = answerOf(boards.byTopic(vote.topicId), vote);
  if (vote.withdrawnAt) return `Taken back meanwhile: ${answer}. It does not count.`;
  if (status === 'same') return `As before: ${answer}. Nothing was changed.`;
  return `Changed: ${answer}. This counts from now on, and your answer before no longer does.`;
}

/** How often three choices go in a cycle, as a friendly fact, and one example. */
export function cyclesInWords(
  board: Board,
  { cycles, ids }: OwnFigures,
): { fact: string; example: string | undefined } {
  const { triads, circular, latest } = cycles;
  if (triads < TRIADS_ENOUGH)
    return {
      fact: 'Once you have compared more things each with each, this shows how often your choices go in a circle.',
      example: undefined,
    };
  const chance = Math.round(triads / 4);
  const seen = `You have compared three things each with each ${count(triads, 'time')}`;
  if (circular === 0)
    return {
      fact: `${seen}, and your choices never went in a circle. Tossing a coin would have made about ${number(chance)} circles.`,
      example: undefined,
    };
  const [a, b, c] = (latest ?? []).map((thing) => board.find(ids[thing] ?? 0)?.name);
  const compare =
    4 * circular < triads * FEWER ? 'far fewer than' : circular < chance ? 'fewer than' : 'about as many as';
  return {
    fact: `${seen}; ${count(circular, 'time went', 'times went')} in a circle, ${compare} the ${number(chance)} that tossing a coin would make. Almost everybody has some: much depends on what a thing stands beside.`,
    example: a && b && c ? `${a} over ${b}, ${b} over ${c}, and ${c} over ${a}.` : undefined,
  };
}

// Below this many threes, chance alone says nothing; below half of what chance makes, it is far fewer.
const [TRIADS_ENOUGH, FEWER] = [4, 0.5];
