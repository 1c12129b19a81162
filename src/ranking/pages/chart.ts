import { ordinal, roundStep } from '../../http/format.js';
import type { Words } from '../../http/words.js';
import type { PastRank } from '../boards/rank-history.js';
import { type ChartRow, chartTable, describeHistory, HOUR_MS, HOURLY_SPAN_MS, spanMs } from './chart-text.js';

/** A line chart of a thing's rank over time, ready to be drawn, with rank 1 at the top. */
export interface Chart {
  /** SVG path data in a square of 100 by 100, which is stretched to the size of the chart. */
  line: string;
  /** SVG path data for the ranges of the rank. */
  band: string;
  /** The end of the line. */
  end: Point;
  /** `y` in percent of the height, from the top. */
  gridlines: { y: number; label: string }[];
  /** `x` in percent of the width, from the left. */
  dates: DateLabel[];
  /** The course of the line in a sentence or two. */
  sentence: Words;
  /** The points in figures, newest first. */
  table: ChartRow[];
}

interface DateLabel {
  x: number;
  anchor: 'start' | 'middle' | 'end';
  /** The day, or the hour, in UTC. */
  label: string;
  /** The time for the script that shows it in the time zone of the reader; undefined for "Now". */
  at: Date | undefined;
  as: keyof typeof formats;
}

/** Percent of the chart's width and height, from the left and the top. */
interface Point {
  x: number;
  y: number;
}

/**
 * Makes a chart of a thing's rank over time.
 * @param past oldest first; `now` replaces points that are less than an hour old
 * @param now the current rank; undefined for a retired thing
 * @param size number of ranked things
 * @returns undefined while the history is shorter than two days
 */
export function makeChart(past: PastRank[], now: PastRank | undefined, size: number): Chart | undefined {
  const before = now ? past.filter(({ at }) => now.at.getTime() - at.getTime() >= HOUR_MS) : past;
  const history = now ? [...before, now] : before;
  const last = history.at(-1);
  if (!last || spanMs(history) < MIN_SPAN_MS) return undefined;
  const ranks = visibleRanks(history, size);
  const scale = makeScale(history, ranks);
  return {
    line: svgPath(toSteps(history).map((point) => ({ x: scale.x(point), y: scale.y(point.rank) }))),
    band: bandPath(history, scale),
    end: { x: round(scale.x(last)), y: round(scale.y(last.rank)) },
    gridlines: gridRanks(ranks).map((rank) => ({ y: round(scale.y(rank)), label: ordinal(rank) })),
    dates: dateLabels(history, scale, now),
    sentence: describeHistory(history, now),
    table: chartTable(history, now),
  };
}

/** The area of the line, in percent. The rest is for labels. */
const [LEFT, RIGHT, TOP, BOTTOM] = [12, 97, 9, 88];
const MIN_VISIBLE_RANKS = 5;
const MIN_SPAN_MS = 48 * HOUR_MS;
const MAX_STEPS = 5;

interface RankRange {
  from: number;
  to: number;
}

/** Turns times and ranks into percent of the width and the height. */
interface Scale {
  x: (point: PastRank) => number;
  y: (rank: number) => number;
}

// The chart shows the ranks of the line, some ranks around them, and the range of the last point.
function visibleRanks(history: PastRank[], size: number): RankRange {
  const ranks = history.map(({ rank }) => rank);
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  const { low, high } = history.at(-1) as PastRank;
  const margin = Math.max(2, Math.ceil((worst - best) / 3));
  let from = Math.max(1, Math.min(best - margin, low));
  const to = Math.max(
    Math.min(Math.max(worst + margin, high), Math.max(size, worst)),
    from + MIN_VISIBLE_RANKS - 1,
  );
  if (from <= 4) from = 1;
  return { from, to };
}

function makeScale(history: PastRank[], { from, to }: RankRange): Scale {
  const start = (history[0] as PastRank).at.getTime();
  const span = spanMs(history);
  return {
    x: ({ at }) => LEFT + ((at.getTime() - start) / span) * (RIGHT - LEFT),
    y: (rank) => TOP + ((clamp(rank, from, to) - from) / (to - from)) * (BOTTOM - TOP),
  };
}

// A rank holds until it changes. A straight line to the next point would show ranks that the thing never had.
function toSteps(history: PastRank[]): PastRank[] {
  const span = spanMs(history);
  return history.flatMap((point, index) => {
    const next = history[index + 1];
    if (!next || next.at.getTime() - point.at.getTime() < span / 20) return [point];
    return [point, { ...point, at: new Date(next.at.getTime() - span / 60) }];
  });
}

function bandPath(history: PastRank[], scale: Scale): string {
  const steps = toSteps(history);
  const upper = steps.map((point) => ({ x: scale.x(point), y: scale.y(point.low - 0.5) }));
  const lower = steps.map((point) => ({ x: scale.x(point), y: scale.y(point.high + 0.5) }));
  return `${svgPath([...upper, ...lower.reverse()])}Z`;
}

// About five round ranks, and rank 1 where it is visible.
function gridRanks({ from, to }: RankRange): number[] {
  const step = roundStep(to - from, MAX_STEPS);
  const ranks = from === 1 ? [1] : [];
  for (let rank = Math.ceil(from / step) * step; rank <= to; rank += step)
    if (rank > 1 && (ranks[0] !== 1 || rank - 1 >= step / 2)) ranks.push(rank);
  return ranks;
}

const day = { day: 'numeric', month: 'short', timeZone: 'UTC' } as const;

/** The forms of a label. `public/app/times.js` has the same ones, for the time zone of the reader. */
const formats = {
  'short-day': new Intl.DateTimeFormat('en-GB', day),
  'short-date': new Intl.DateTimeFormat('en-GB', { ...day, year: 'numeric' }),
  'short-hour': new Intl.DateTimeFormat('en-GB', {
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone: 'UTC',
  }),
};

function dateLabels(history: PastRank[], scale: Scale, now: PastRank | undefined): DateLabel[] {
  const [first, last] = [history[0] as PastRank, history.at(-1) as PastRank];
  const span = spanMs(history);
  const isSameYear = first.at.getUTCFullYear() === last.at.getUTCFullYear();
  const as = span <= HOURLY_SPAN_MS ? 'short-hour' : isSameYear ? 'short-day' : 'short-date';
  const label = (point: PastRank): Pick<DateLabel, 'label' | 'at' | 'as'> =>
    point === now
      ? { label: 'Now', at: undefined, as }
      : { label: formats[as].format(point.at), at: point.at, as };
  const ends: DateLabel[] = [
    { x: LEFT, anchor: 'start', ...label(first) },
    { x: RIGHT, anchor: 'end', ...label(last) },
  ];
  if (history.length === 2) return ends;
  const middle = { ...first, at: new Date(roundTo(HOUR_MS, first.at.getTime() + span / 2)) };
  return [...ends, { x: round(scale.x(middle)), anchor: 'middle', ...label(middle) }];
}

const roundTo = (unit: number, value: number): number => Math.round(value / unit) * unit;

const svgPath = (points: Point[]): string =>
  points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');

const round = (percent: number): number => Math.round(percent * 100) / 100;

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
