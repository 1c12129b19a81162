import { type PictureSources, pictureSources } from '../http/picture-sources.js';
import type { Board } from '../ranking/boards/board.js';
import type { Ballot } from './ballot.js';
import type { Vote } from './voting.js';

/** Two things to choose between, by their ids, and the strategy that selected them. */
export type Pair = Pick<Ballot, 'leftId' | 'rightId' | 'strategy'>;

type Sides = Pick<Pair, 'leftId' | 'rightId'>;

/** The pictures of a pair, so that the browser can load them early. */
export function picturesOf(board: Board, pair: Pair | undefined): PictureSources[] {
  const ids = pair ? [pair.leftId, pair.rightId] : [];
  return ids.flatMap((id) => board.find(id)?.picture ?? []).map(pictureSources);
}

/** The pair that a vote answered, to show it again. */
export const pairOf = ({ leftId, rightId, strategy }: Pick<Vote, keyof Pair>): Pair => ({
  leftId,
  rightId,
  strategy: strategy === 'import' ? 'explore' : strategy,
});

/** Whether two pairs have the same two things, on any sides. */
export function haveSameThings(one: Sides, other: Sides): boolean {
  const ids = [other.leftId, other.rightId];
  return ids.includes(one.leftId) && ids.includes(one.rightId);
}

/** Whether a thing is in a pair. */
export const hasThing = ({ leftId, rightId }: Sides, id: number): boolean => leftId === id || rightId === id;

/** Whether a pair contains at least one of these things. */
export const hasAny = (pair: Sides, ids: number[]): boolean => ids.some((id) => hasThing(pair, id));

/** Whether a voter may be shown both things of a pair: they are on the board, and none is the voter's own work. */
export const maySee = ({ board, own }: { board: Board; own: ReadonlySet<number> }, pair: Sides): boolean =>
  [pair.leftId, pair.rightId].every((id) => board.find(id) !== undefined && !own.has(id));
