import { ordinal } from '../http/format.js';
import type { Board } from '../ranking/boards/board.js';
import { makeScale, positionOn, type RankScale } from '../ranking/pages/rank-scale.js';
import type { BarPart } from '../voting/pages.js';
import { slots } from '../voting/slot.js';
import { answersForDifferences, answersForList, type ListRow, type OwnRow, type OwnTop } from './own-top.js';

/** A rank of a user's own list, with all that its line shows and draws. */
export interface ComparedRow extends OwnRow {
  /** Everyone's rank: "3rd"; "new" for a thing with too few votes. */
  theirRank: string;
  /** How everyone's rank differs from the user's: "2 lower"; empty for a thing with too few votes. */
  distance: string;
  /** Both ranks on the scale, in percent of its width. Undefined as above. */
  mineAt: number;
  theirsAt: number | undefined;
  /** Whether it is too close to call if the user prefers it to the thing before it. */
  isTiedWithPrevious: boolean;
}

/** Adds to each rank of a user's own list what its line shows and draws. */
export function compareRows(rows: OwnRow[]): ComparedRow[] {
  const scale = scaleOf(rows.length);
  return rows.map((row, index) => ({
    ...row,
    theirRank: row.theirs === undefined ? 'new' : ordinal(row.theirs),
    distance: row.theirs === undefined ? '' : describeDistance(row.theirs - row.rank),
    mineAt: positionOn(scale, row.rank),
    theirsAt: row.theirs === undefined ? undefined : positionOn(scale, row.theirs),
    isTiedWithPrevious: rows[index - 1]?.isLevelWithNext ?? false,
  }));
}

const describeDistance = (ranks: number): string =>
  ranks === 0 ? 'same' : `${Math.abs(ranks)} ${ranks > 0 ? 'lower' : 'higher'}`;

/** The scale of ranks of a list. @param size the length of the list */
export const scaleOf = (size: number): RankScale => makeScale(1, size, 'order');

/** The beginning of a user's own list beside everyone's, with one title and one length for both. */
export function previewOf({ rows, size, title, crowd }: OwnTop): {
  title: string;
  mine: ListRow[];
  theirs: ListRow[];
} {
  const isTop = title !== 'list';
  const length = isTop ? Math.min(size, MAX_PREVIEW) : rows.length;
  return {
    title: isTop ? `Top ${length}` : title,
    mine: rows.slice(0, length),
    theirs: crowd.slice(0, length),
  };
}

const MAX_PREVIEW = 5;

/** What is still missing until something is shown. */
export interface Missing {
  /** How many of them there are, how many it takes, and how many are missing, at least one. */
  done: number;
  needed: number;
  toGo: number;
  /** One slot for each, filled or still open. */
  bar: BarPart[];
}

/** Tells how many answers are missing until a user's own list is shown. */
export const missingForList = (board: Board, answers: number): Missing =>
  missing(answers, answersForList(board.size));

/** Tells how many answers are missing until the differences are shown. */
export const missingForDifferences = (board: Board, answers: number): Missing =>
  missing(answers, answersForDifferences(board.size));

/** Tells on how many things a vote is missing until the next longer Top; undefined when there is none. */
export const missingForNext = ({ rows, next }: OwnTop): Missing | undefined =>
  next && missing(rows.length, next.things);

function missing(done: number, needed: number): Missing {
  const toGo = Math.max(needed - done, 1);
  return { done, needed, toGo, bar: slots(needed, done) };
}
