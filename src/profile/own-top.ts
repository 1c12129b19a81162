import { count, number, ordinal } from '../http/format.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { describeExpectedRight } from '../ranking/boards/describe-goal.js';
import { formatRange } from '../ranking/boards/describe-standing.js';
import { isNew } from '../ranking/boards/rating.js';
import { kendallTau } from '../ranking/math/kendall-tau.js';
import type { OwnRanking } from './own-rankings.js';

/** The lengths that a shared Top can have. */
export const SHARE_SIZES = [3, 5, 10] as const;

/** A thing on a user's own list, with its rank on everybody's list. */
interface OwnRow {
  standing: Standing;
  /** Its rank on the user's list, from 1. */
  mine: number;
  /** Its rank among the same things for everybody; undefined while it has too few votes. */
  theirs: number | undefined;
  /** The range of its true rank for the user, in 19 cases of 20: "2nd–6th". */
  range: string;
  isLevelWithNext: boolean;
}

/** A user's own list of a topic, compared with everybody's. */
export interface OwnTop {
  answers: number;
  /** Whether there are enough answers for a list. */
  isEnough: boolean;
  /** The user's Top, or the whole list when it is too short for a Top. */
  top: OwnRow[];
  rest: OwnRow[];
  /** The name of the Top: "Top 10", or "list" when it is too short for one. */
  title: string;
  /** "About 8 of these 10 look settled."; empty without a Top. */
  settled: string;
  /** How many more answers it takes until the differences are shown; 0 when they are. */
  toDifferences: number;
  /** The largest differences, at most three each: ranked higher by the user, and ranked lower. */
  higher: Difference[];
  lower: Difference[];
  /** A text about how similar the two lists are; empty while there is too little to compare. */
  alike: string;
  /** The same things in everybody's order. */
  crowd: Standing[];
}

/** A thing that a user and everybody rank differently. */
interface Difference {
  standing: Standing;
  /** "You put Ramen 12 ranks higher: 3rd of the 27 on your list, 15th for everybody." */
  text: string;
  /** Whether everybody's rank lies in the range of the user's, so that both may agree. */
  isOpen: boolean;
}

/**
 * How many answers an own list needs: ten, or all pairs of a topic that has fewer.
 * @param size how many things can be voted on
 */
export const answersForList = (size: number): number => Math.min(MIN_ANSWERS, pairsOf(size));

const MIN_ANSWERS = 10;
// With fewer answers, most differences are chance: ../ranking/math/own-fit.ts
const MIN_ANSWERS_FOR_DIFFERENCES = 40;

const pairsOf = (size: number): number => (size * (size - 1)) / 2;

/** Compares a user's own list with everybody's. Both ranks count only the things on the user's list. */
export function ownTopOf(board: Board, ranking: OwnRanking): OwnTop {
  const found = ranking.list.flatMap((ranked) => {
    const standing = board.find(ranking.ids[ranked.thing] ?? 0);
    return standing ? [{ ...ranked, standing }] : [];
  });
  const crowd = found.map(({ standing }) => standing).sort((one, other) => one.rank - other.rank);
  const theirs = new Map(crowd.map((standing, index) => [standing.id, index + 1]));
  const rows = found.map(({ standing, low, high, isLevelWithNext }, index) => ({
    standing,
    mine: index + 1,
    theirs: isNew(standing) ? undefined : theirs.get(standing.id),
    low,
    high,
    range: formatRange({ low, high }),
    isLevelWithNext,
  }));
  const { answers, topSize, expectedShare } = ranking;
  const isEnough = rows.length > 1 && answers >= answersForList(board.size);
  const forDifferences = Math.min(MIN_ANSWERS_FOR_DIFFERENCES, pairsOf(board.size));
  const toDifferences = Math.max(forDifferences - answers, 0);
  const showsDifferences = isEnough && toDifferences === 0;
  const compared = rows.filter((row) => row.theirs !== undefined);
  return {
    answers,
    isEnough,
    top: rows.slice(0, topSize || rows.length),
    rest: topSize ? rows.slice(topSize) : [],
    title: topSize ? `Top ${topSize}` : 'list',
    settled: topSize ? describeExpectedRight(expectedShare, topSize) : '',
    toDifferences,
    higher: showsDifferences ? largestDifferences(compared, 1) : [],
    lower: showsDifferences ? largestDifferences(compared, -1) : [],
    alike: isEnough && compared.length >= MIN_COMPARED ? describeSimilarity(compared) : '',
    crowd,
  };
}

const [MAX_DIFFERENCES, MIN_COMPARED] = [3, 6];

type RankedRow = OwnRow & { low: number; high: number };

function largestDifferences(rows: RankedRow[], sign: 1 | -1): Difference[] {
  const difference = ({ mine, theirs = mine }: OwnRow): number => sign * (theirs - mine);
  return rows
    .filter((row) => difference(row) > 1)
    .sort((one, other) => difference(other) - difference(one) || one.mine - other.mine)
    .slice(0, MAX_DIFFERENCES)
    .map((row) => {
      const { standing, mine, theirs = mine, low, high } = row;
      const direction = sign > 0 ? 'higher' : 'lower';
      const ranks = `${ordinal(mine)} of the ${number(rows.length)} on your list, ${ordinal(theirs)} for everybody`;
      return {
        standing,
        text: `You put ${standing.name} ${count(difference(row), 'rank')} ${direction}: ${ranks}.`,
        isOpen: low <= theirs && theirs <= high,
      };
    });
}

// Kendall's τ is the share of pairs in the same order minus the share in the opposite order.
function describeSimilarity(rows: OwnRow[]): string {
  const mine = Float64Array.from(rows, (row) => row.mine);
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
