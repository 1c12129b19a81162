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
    isLastOfGoal: standing.rank === board.goal && standing.rank < board.size,
  }));
  return { scale, rows };
}

/** Whether two things are next to each other on the board, and it is open which one is better. */
function areTied(one: Standing | undefined, other: Standing | undefined): boolean {
  if (!one || !other || isNew(one) || isNew(other)) return false;
  return one.isLevelWithNext && other.rank === one.rank + 1;
}
