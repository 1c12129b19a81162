import { formatGoal } from '../../catalog/goal.js';
import type { Board } from '../boards/board.js';
import { isSettled } from '../boards/describe-goal.js';
import { isNew, voteCount } from '../boards/rating.js';

/**
 * Writes the ranking of a topic as JSON for other programs.
 * @param options `origin` begins the addresses of the things; `shown` is the number of ranks
 */
export function boardToJson(board: Board, { origin, shown }: { origin: string; shown: number }): object {
  const { topic, votes, goal, expectedShare, track } = board;
  const top = board.standings.slice(0, shown).map((standing) => {
    const { path, rank, name, wins, losses, ties } = standing;
    const published = isNew(standing) ? undefined : standing;
    return {
      rank,
      name,
      url: `${origin}${path}`,
      score: published?.mean ?? null,
      range: published ? [published.low, published.high] : null,
      topChance: published?.topChance ?? null,
      isNew: isNew(standing),
      wins,
      losses,
      ties,
      votes: voteCount(standing),
    };
  });
  return {
    topic: topic.slug,
    title: topic.title,
    tag: track ?? null,
    votes,
    goal: formatGoal(goal),
    expectedShare,
    expectedRight: goal === 'order' ? null : expectedShare * goal,
    isSettled: isSettled(board),
    top,
  };
}
