import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Offers } from '../voting/offers.js';
import { nextPair, type Pair, RECENT } from '../voting/pairs.js';
import { type Progress, readProgress, type Vote } from '../voting/voting.js';

/**
 * Sees to it that changing an old answer brings no other pair on the pair page: nobody gets past a pair without
 * answering or skipping it.
 * @param secret what pairs are drawn with
 * @returns keeps the pair that the voter is being shown, to be called with the vote that is their latest from then on
 */
export async function keepOffer(
  db: Database,
  offers: Offers,
  board: Board,
  voter: number,
  secret: string,
): Promise<(latest: Vote) => Promise<void>> {
  const progress = await readProgress(db, voter, board.topic.id, RECENT);
  const [last] = progress.recent;
  const open = last?.isWithdrawn ? reopened(last) : await nextPair(db, board, { voter, ...progress }, secret);
  const shown = open && (await offers.settle(voter, board.topic.id, last?.id ?? 0, open));
  return async (latest) => {
    if (shown) await offers.settle(voter, board.topic.id, latest.id, shown);
  };
}

// Whoever took their latest answer back is shown its pair again.
function reopened({ leftId, rightId, arm }: Progress['recent'][number]): Pair {
  return { leftId, rightId, arm: arm === 'import' ? 'explore' : arm };
}
