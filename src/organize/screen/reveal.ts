import type { Board, Standing } from '../../ranking/boards/board.js';
import { titleOf } from '../../ranking/boards/describe-goal.js';

const MIN_RANKS = 10;
const MAX_RANKS = 20;

/** The reveal of a ranking after some of its steps. Each step shows one more rank, and the last one the winner. */
export interface Reveal {
  /** The title of its board: "Top 10". */
  title: string;
  /** Its ranks, the first one first. The thing of a rank is undefined until it is revealed. */
  ranks: { rank: number; thing: Standing | undefined }[];
  /** What the latest step has shown; undefined before the first. */
  latest: Standing | undefined;
  /** Number of steps so far. */
  shown: number;
  /** The rank of the next step; undefined at the end. */
  next: number | undefined;
}

/**
 * Reads how far a reveal is from its address.
 * @param shown what the address says; anything but a number of steps is the start
 */
export function readReveal(board: Board, shown: unknown): Reveal {
  const { goal, standings, votes } = board;
  const wanted = goal === 'order' ? MAX_RANKS : Math.max(goal, MIN_RANKS);
  const count = votes > 0 ? Math.min(wanted, MAX_RANKS, board.size) : 0;
  const steps = Math.min(Math.max(Math.trunc(Number(shown)) || 0, 0), count);
  const isShown = (rank: number): boolean => rank > count - steps;
  return {
    title: titleOf(goal),
    shown: steps,
    ranks: standings
      .slice(0, count)
      .map((thing) => ({ rank: thing.rank, thing: isShown(thing.rank) ? thing : undefined })),
    latest: steps > 0 ? standings[count - steps] : undefined,
    next: steps < count ? count - steps : undefined,
  };
}
