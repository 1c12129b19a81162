import { count, number, ordinal } from '../http/format.js';
import type { Board, Standing } from '../ranking/boards/board.js';
import { NEW_BELOW } from '../ranking/boards/describe.js';
import { appearances } from '../ranking/boards/rating.js';
import { kendallTau } from '../ranking/math/agreement.js';
import { MET_ENOUGH } from './figures.js';
import type { OwnFigures } from './own-figures.js';

/** How long a shared Top may be. */
export const SHARE_SIZES = [3, 5, 10] as const;

/** One thing on a person's own list, beside where the crowd has it. */
export interface OwnRow {
  standing: Standing;
  /** Their place for it, from 1. */
  mine: number;
  /** The crowd's place for it among the same things; undefined while the crowd has too few votes to say. */
  theirs: number | undefined;
  /** Where it truly stands for them, in 19 cases of 20: "2nd to 6th". */
  range: string;
  isLevelWithNext: boolean;
}

/** A person's own list of a topic, in words, beside the crowd's. */
export interface OwnTop {
  answers: number;
  /** Whether there are enough answers for a list. */
  isEnough: boolean;
  /** Their Top, or all of a list that is too short for one. */
  top: OwnRow[];
  rest: OwnRow[];
  /** What the Top is called: "Top 10"; "list" while it is too short for one. */
  title: string;
  /** "We expect 8 of these 10 to belong here."; empty without a Top. */
  settled: string;
  /** The things met too rarely to have a place. */
  unplaced: Standing[];
  /** Where they differ most: at most three each way. */
  higher: Difference[];
  lower: Difference[];
  /** How alike the two lists are; empty while there is too little to compare. */
  alike: string;
  /** The crowd's order of the same things. */
  crowd: Standing[];
}

/** A thing that a person and the crowd put in different places. */
export interface Difference {
  standing: Standing;
  /** "You put Ramen 12 places higher: 3rd of the 27 on your list, where everybody together has it 15th." */
  text: string;
  /** Whether their answers leave it open that they agree after all. */
  isOpen: boolean;
}

/** Answers in a topic below which there is no list yet. */
export const ANSWERS_ENOUGH = 10;

/** Puts a person's own list beside the crowd's. Both sides' places count the same things: those on the person's list. */
export function ownTopOf(board: Board, figures: OwnFigures): OwnTop {
  const found = figures.list.flatMap((place) => {
    const standing = board.find(figures.ids[place.thing] ?? 0);
    return standing ? [{ ...place, standing }] : [];
  });
  const crowd = found.map(({ standing }) => standing).sort((one, other) => one.rank - other.rank);
  const theirs = new Map(crowd.map((standing, place) => [standing.id, place + 1]));
  const rows = found.map(({ standing, low, high, isLevelWithNext }, place) => ({
    standing,
    mine: place + 1,
    theirs: appearances(standing) >= NEW_BELOW ? theirs.get(standing.id) : undefined,
    low,
    high,
    range: low === high ? ordinal(low) : `${ordinal(low)} to ${ordinal(high)}`,
    isLevelWithNext,
  }));
  const { answers, topSize, expectedRight } = figures;
  const isEnough = answers >= ANSWERS_ENOUGH && rows.length >= MET_ENOUGH;
  const compared = rows.filter((row) => row.theirs !== undefined);
  return {
    answers,
    isEnough,
    top: rows.slice(0, topSize || rows.length),
    rest: topSize ? rows.slice(topSize) : [],
    title: topSize ? `Top ${topSize}` : 'list',
    settled: topSize ? settledness(Math.round(expectedRight), topSize) : '',
    unplaced: figures.unplaced.flatMap((thing) => board.find(figures.ids[thing] ?? 0) ?? []),
    higher: isEnough ? differences(compared, 1) : [],
    lower: isEnough ? differences(compared, -1) : [],
    alike: isEnough && compared.length >= COMPARED_ENOUGH ? alikeness(compared) : '',
    crowd,
  };
}

const [DIFFERENCES, COMPARED_ENOUGH] = [3, 6];

type PlacedRow = OwnRow & { low: number; high: number };

function differences(rows: PlacedRow[], way: 1 | -1): Difference[] {
  const by = ({ mine, theirs = mine }: OwnRow): number => way * (theirs - mine);
  return rows
    .filter((row) => by(row) > 1)
    .sort((one, other) => by(other) - by(one) || one.mine - other.mine)
    .slice(0, DIFFERENCES)
    .map((row) => {
      const { standing, mine, theirs = mine, low, high } = row;
      const direction = way > 0 ? 'higher' : 'lower';
      const places = `${ordinal(mine)} of the ${number(rows.length)} on your list, where everybody together has it ${ordinal(theirs)}`;
      return {
        standing,
        text: `You put ${standing.name} ${count(by(row), 'place')} ${direction}: ${places}.`,
        isOpen: low <= theirs && theirs <= high,
      };
    });
}

function settledness(right: number, size: number): string {
  if (right === size) return `We expect all ${size} of these to be your true Top ${size}.`;
  return `We expect ${right} of these ${size} to be in your true Top ${size}; which ones, more votes will tell.`;
}

// Kendall's τ is the share of pairs in the same order less the share in the other.
function alikeness(rows: OwnRow[]): string {
  const mine = Float64Array.from(rows, (row) => row.mine);
  const tau = kendallTau(
    mine,
    Float64Array.from(rows, ({ theirs = 0 }) => theirs),
  );
  const [words] = likenesses.find(([, least]) => tau >= least) ?? ['run the other way'];
  const same = Math.round(50 * (1 + tau));
  return `The two lists ${words}: of 100 pairs of these things, both put ${same} in the same order.`;
}

const likenesses: [string, number][] = [
  ['are nearly the same', 0.8],
  ['are much alike', 0.5],
  ['are somewhat alike', 0.2],
  ['have little to do with each other', -0.2],
];
