import { TOP_SIZES } from '../catalog/goal.js';
import { count, number, ordinal } from '../http/format.js';
import type { Words } from '../http/words.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { describeExpectedRight } from '../ranking/boards/describe-goal.js';
import { formatRange } from '../ranking/boards/describe-standing.js';
import { isNew } from '../ranking/boards/rating.js';
import { kendallTau } from '../ranking/math/kendall-tau.js';
import type { OwnRanking } from './own-rankings.js';

/** The lengths that a shared Top can have. */
export const SHARE_SIZES = [3, 5, 10] as const;

/** The lengths that a shared Top of a topic can have. Lists of a topic that is not public are not shared. */
export const sharedSizesOf = ({ topic }: Board): readonly number[] =>
  topic.access === 'public' ? SHARE_SIZES : [];

/** A rank of a list of things: one's own, everyone's or a shared one. */
export interface ListRow {
  /** From 1. */
  rank: number;
  id: number;
  /** The address of its page. */
  path: string;
  /** Undefined for a thing that was taken down. */
  name: string | undefined;
  picture: string | null;
}

/** A thing on a user's own list, with its rank on everyone's list. */
export interface OwnRow extends ListRow {
  name: string;
  /** Its rank among the same things for everyone; undefined while it has too few votes. */
  theirs: number | undefined;
  /** The range of its true rank for the user, in 19 cases of 20: "2nd–6th". */
  range: string;
  isLevelWithNext: boolean;
}

/** A user's own list of a topic, compared with everyone's. */
export interface OwnTop {
  answers: number;
  /** Whether there are enough answers for a list. */
  isEnough: boolean;
  /** The user's list, strongest first. */
  rows: OwnRow[];
  /** How many ranks of the list are the user's Top; all of them when the list is too short for a Top. */
  size: number;
  /** The name of the Top: "Top 10", or "list" when it is too short for one. */
  title: string;
  /** "We expect about 8 of these 10 to stay."; empty without a Top. */
  settled: string;
  /** The next longer Top that the topic allows, and on how many things it takes a vote. */
  next: { title: string; things: number } | undefined;
  /** Whether there are enough answers to show the differences. */
  showsDifferences: boolean;
  /** The largest differences, at most three each: ranked higher by the user, and ranked lower. */
  higher: Difference[];
  lower: Difference[];
  /** A text about how similar the two lists are; empty while there is too little to compare. */
  alike: string;
  /** Whether the user sees everyone's ranking. */
  showsCrowd: boolean;
  /** The same things in everyone's order; empty when the user does not see it. */
  crowd: ListRow[];
}

/** A thing that a user and everyone rank differently. */
interface Difference {
  thing: ListRow;
  /** "You put Ramen 12 ranks higher: 3rd of the 27 on your list, 15th for everyone." */
  text: Words;
  /** Whether everyone's rank lies in the range of the user's, so that both may agree. */
  isOpen: boolean;
}

/**
 * How many answers an own list needs: ten, or all pairs of a topic that has fewer.
 * @param size how many things can be voted on
 */
export const answersForList = (size: number): number => Math.min(MIN_ANSWERS, pairsOf(size));

const MIN_ANSWERS = 10;
// With fewer answers, most differences are chance: docs/ranking.md.
const MIN_ANSWERS_FOR_DIFFERENCES = 40;

const pairsOf = (size: number): number => (size * (size - 1)) / 2;

/** How many answers it takes until differences are shown: forty, or all pairs of a topic that has fewer. */
export const answersForDifferences = (size: number): number =>
  Math.min(MIN_ANSWERS_FOR_DIFFERENCES, pairsOf(size));

/**
 * Compares a user's own list with everyone's. Both ranks count only the things on the user's list.
 * @param showsCrowd whether the user sees everyone's ranking; otherwise nothing is compared
 */
export function ownTopOf(
  { board, showsCrowd }: { board: Board; showsCrowd: boolean },
  ranking: OwnRanking,
): OwnTop {
  const found = ranking.list.flatMap((ranked) => {
    const standing = board.find(ranking.ids[ranked.thing] ?? 0);
    return standing ? [{ ...ranked, standing }] : [];
  });
  const crowd = found
    .map(({ standing }) => standing)
    .sort((one, other) => one.rank - other.rank)
    .map(rowAt);
  const theirs = new Map(crowd.map(({ id, rank }) => [id, rank]));
  const rows = found.map(({ standing, low, high, isLevelWithNext }, index) => ({
    ...rowAt(standing, index),
    theirs: isNew(standing) || !showsCrowd ? undefined : theirs.get(standing.id),
    low,
    high,
    range: formatRange({ low, high }),
    isLevelWithNext,
  }));
  const { answers, topSize, expectedShare } = ranking;
  const isEnough = rows.length > 1 && answers >= answersForList(board.size);
  const showsDifferences = showsCrowd && isEnough && answers >= answersForDifferences(board.size);
  const compared = rows.filter((row) => row.theirs !== undefined);
  return {
    answers,
    isEnough,
    rows,
    size: topSize || rows.length,
    title: topSize ? `Top ${topSize}` : 'list',
    settled: topSize ? describeExpectedRight(expectedShare, topSize) : '',
    next: nextTop(topSize, board.size),
    showsDifferences,
    higher: showsDifferences ? largestDifferences(compared, 1) : [],
    lower: showsDifferences ? largestDifferences(compared, -1) : [],
    alike: isEnough && compared.length >= MIN_COMPARED ? describeSimilarity(compared) : '',
    crowd: showsCrowd ? crowd : [],
    showsCrowd,
  };
}

const rowAt = ({ id, name, path, picture }: Standing, index: number): ListRow & { name: string } => ({
  rank: index + 1,
  id,
  name,
  path,
  picture,
});

function nextTop(topSize: number, boardSize: number): OwnTop['next'] {
  const size = TOP_SIZES.findLast((size) => size > topSize && 2 * size <= boardSize);
  return size ? { title: `Top ${size}`, things: 2 * size } : undefined;
}

const [MAX_DIFFERENCES, MIN_COMPARED] = [3, 6];

type RankedRow = OwnRow & { low: number; high: number };

function largestDifferences(rows: RankedRow[], sign: 1 | -1): Difference[] {
  const difference = ({ rank, theirs = rank }: OwnRow): number => sign * (theirs - rank);
  return rows
    .filter((row) => difference(row) > 1)
    .sort((one, other) => difference(other) - difference(one) || one.rank - other.rank)
    .slice(0, MAX_DIFFERENCES)
    .map((row) => {
      const { rank, name, theirs = rank, low, high } = row;
      const direction = sign > 0 ? 'higher' : 'lower';
      const ranks = `${ordinal(rank)} of the ${number(rows.length)} on your list, ${ordinal(theirs)} for everyone`;
      return {
        thing: row,
        text: ['You put ', { name }, ` ${count(difference(row), 'rank')} ${direction}: ${ranks}.`],
        isOpen: low <= theirs && theirs <= high,
      };
    });
}

// Kendall's τ is the share of pairs in the same order minus the share in the opposite order.
function describeSimilarity(rows: OwnRow[]): string {
  const mine = Float64Array.from(rows, (row) => row.rank);
  const tau = kendallTau(
    mine,
    Float64Array.from(rows, ({ theirs = 0 }) => theirs),
  );
  const [description] = SIMILARITIES.find(([, minTau]) => tau >= minTau) ?? ['are nearly opposite'];
  const same = Math.round(50 * (1 + tau));
  return `The two lists ${description}: they put ${same} of 100 pairs in the same order.`;
}

const SIMILARITIES: [string, number][] = [
  ['are nearly the same', 0.8],
  ['are much alike', 0.5],
  ['are somewhat alike', 0.2],
  ['have little in common', -0.2],
];
