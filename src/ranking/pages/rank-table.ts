import type { Board, Standing } from '../boards/board.js';
import { describeStanding } from '../boards/describe-standing.js';
import { isNew } from '../boards/rating.js';
import type { RankTable } from './pages.js';
import { barOn, scaleFor } from './rank-scale.js';

/**
 * Makes the rows of a table from some things of a board, and the scale that their ranges share.
 * @param standings strongest first
 */
export function makeRankTable(board: Board, standings: readonly Standing[]): RankTable {
  const scale = scaleFor(
    standings.filter((standing) => !isNew(standing)),
    board.goal,
  );
  const rows = standings.map((standing, index) => ({
    ...standing,
    ...describeStanding(standing, board),
    bar: scale && !isNew(standing) ? barOn(scale, standing) : undefined,
    isTiedWithPrevious: areTied(standings[index - 1], standing),
    // The last row may be tied with a thing on the next page.
    isTiedWithNext: areTied(standing, standings[index + 1] ?? board.standings[standing.rank]),
    trend: trendLine(board.trends.ranks.get(standing.id)),
    isLastOfGoal: standing.rank === board.goal && standing.rank < board.size,
  }));
  return {
    ...{ scale, rows },
    hasTrends: rows.some(({ trend }) => trend),
    hasTies: rows.some(({ isTiedWithNext }) => isTiedWithNext),
    hasMoves: rows.some(({ rankChange }) => rankChange),
  };
}

const MIN_TREND_DAYS = 3;
/** A trend shows at least so many ranks, so that a move by one stays small. */
const MIN_TREND_RANKS = 5;

/** Draws ranks by day, with the best one at the top. */
function trendLine(ranks: readonly number[] | undefined): string | undefined {
  if (!ranks || ranks.length < MIN_TREND_DAYS) return undefined;
  const best = Math.min(...ranks);
  const height = Math.max(Math.max(...ranks) - best, MIN_TREND_RANKS - 1);
  const top = best - (height - (Math.max(...ranks) - best)) / 2;
  const points = ranks.map((rank, day) => {
    const x = (100 * day) / (ranks.length - 1);
    return `${Math.round(x)} ${Math.round((100 * (rank - top)) / height)}`;
  });
  return `M${points.join('L')}`;
}

/** Whether two things are next to each other on the board, and it is open which one is better. */
function areTied(one: Standing | undefined, other: Standing | undefined): boolean {
  if (!one || !other || isNew(one) || isNew(other)) return false;
  return one.isLevelWithNext && other.rank === one.rank + 1;
}
