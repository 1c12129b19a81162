import type { Goal } from '../../catalog/goal.js';
import { ordinal, roundStep } from '../../http/format.js';
import type { Standing } from '../boards/board.js';

/** A scale of ranks, on which the ranges of several things are drawn. Positions are in percent of its length. */
export interface RankScale {
  /** The ranks at its two ends. */
  first: number;
  last: number;
  ticks: Tick[];
  /** The position of the border after the last rank of the goal; undefined when it is not on the scale. */
  goal: number | undefined;
}

interface Tick {
  /** The rank in words: "10th". */
  label: string;
  position: number;
  anchor: 'start' | 'middle' | 'end';
}

/** The likely range of a thing's rank on a scale, in percent of its length. */
export interface RankBar {
  low: number;
  high: number;
  rank: number;
  /** Whether the range goes on after the end of the scale. */
  isCut: boolean;
}

/** The longest scale, compared with the ranks that are shown on it. Longer ranges are cut. */
const MAX_STRETCH = 3;
const MIN_CUT_LENGTH = 30;
const MAX_STEPS = 5;

/**
 * Makes the scale for some things of a board. Wide ranges far down the ranking do not shrink all others.
 * @returns undefined when there are no things
 */
export function scaleFor(standings: readonly Standing[], goal: Goal): RankScale | undefined {
  if (standings.length === 0) return undefined;
  const first = Math.min(...standings.map(({ low }) => low));
  const lowest = Math.max(...standings.map(({ high }) => high));
  const shown = Math.max(...standings.map(({ rank }) => rank)) - first + 1;
  const longest = Math.max(MAX_STRETCH * shown, MIN_CUT_LENGTH);
  return makeScale(first, Math.min(lowest, first + longest - 1), goal);
}

/** Makes a scale between two ranks. */
export function makeScale(first: number, last: number, goal: Goal): RankScale {
  const scale = { first, last };
  const border = goal === 'order' || goal < first || goal >= last ? undefined : goal + 0.5;
  return {
    ...scale,
    ticks: makeTicks(scale, border),
    goal: border && positionOn(scale, border),
  };
}

/** Puts the range of a thing's rank on a scale. */
export function barOn(
  scale: RankScale,
  { rank, low, high }: Pick<Standing, 'rank' | 'low' | 'high'>,
): RankBar {
  return {
    low: positionOn(scale, low),
    high: positionOn(scale, high),
    rank: positionOn(scale, rank),
    isCut: high > scale.last,
  };
}

// The first rank comes first, then the goal, the last rank, and round ranks. A label too near to another one is left out.
function makeTicks(scale: Pick<RankScale, 'first' | 'last'>, border: number | undefined): Tick[] {
  const { first, last } = scale;
  const minGap = 14 + 6 * String(last).length;
  const ticks: Tick[] = [];
  for (const rank of [first, ...(border ? [border] : []), last, ...roundRanks(first, last)]) {
    const position = positionOn(scale, rank);
    if (ticks.some((tick) => Math.abs(tick.position - position) < minGap)) continue;
    ticks.push({
      label: ordinal(Math.floor(rank)),
      position,
      anchor: position < 5 ? 'start' : position > 95 ? 'end' : 'middle',
    });
  }
  return ticks.sort((one, other) => one.position - other.position);
}

function roundRanks(first: number, last: number): number[] {
  const step = roundStep(last - first, MAX_STEPS);
  const from = Math.ceil(first / step) * step;
  return Array.from({ length: MAX_STEPS + 1 }, (_, index) => from + index * step).filter(
    (rank) => rank <= last,
  );
}

/** Where a rank stands on a scale, in percent of its length; a rank after its end is at the end. */
export function positionOn({ first, last }: Pick<RankScale, 'first' | 'last'>, rank: number): number {
  const share = last === first ? 0 : (Math.min(rank, last) - first) / (last - first);
  return Math.round(share * 1000) / 10;
}
