import { ordinal } from '../../http/format.js';
import type { Moment, Words } from '../../http/words.js';
import { formatRange } from '../boards/describe-standing.js';
import type { PastRank } from '../boards/rank-history.js';

/** One point of a chart as a row of a table: "Now", "3rd", "1st–12th". */
export interface ChartRow {
  time: Words[number];
  rank: string;
  range: string;
}

/** An hour in milliseconds. */
export const HOUR_MS = 3_600_000;

/**
 * The longest span, in milliseconds, that is shown with the hour: history is read hour by hour up to two
 * days.
 */
export const HOURLY_SPAN_MS = 49 * HOUR_MS;

/** Milliseconds between the first and the last point of a history, which has at least one. */
export const spanMs = (history: PastRank[]): number =>
  (history.at(-1) as PastRank).at.getTime() - (history[0] as PastRank).at.getTime();

/**
 * Describes the course of a thing's rank in a sentence or two.
 * @param history oldest first, with at least two points
 * @param now the last point, if it is the current rank
 */
export function describeHistory(history: PastRank[], now: PastRank | undefined): Words {
  const timeOf = timesOf(history, now);
  const [first, last] = [history[0] as PastRank, history.at(-1) as PastRank];
  const ranks = history.map(({ rank }) => rank);
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  if (best === worst)
    return [
      ...[`It has been ${ordinal(best)} ${now ? 'since' : 'from'} `, timeOf(first)],
      ...(now ? [] : [' until ', timeOf(last)]),
      '.',
    ];
  const between = [
    ...(best < Math.min(first.rank, last.rank) ? [`${ordinal(best)} at its best`] : []),
    ...(worst > Math.max(first.rank, last.rank) ? [`${ordinal(worst)} at its worst`] : []),
  ];
  return [
    ...[`It went from ${ordinal(first.rank)} on `, timeOf(first), ` to ${ordinal(last.rank)} `],
    ...(last === now ? ['now'] : ['on ', timeOf(last)]),
    between.length > 0 ? `. In between, it was ${between.join(' and ')}.` : '.',
  ];
}

/** Lists the points of a history as a table, newest first. Its parameters are those of `describeHistory`. */
export function chartTable(history: PastRank[], now: PastRank | undefined): ChartRow[] {
  const timeOf = timesOf(history, now);
  return history.toReversed().map((point) => ({
    time: point === now ? 'Now' : timeOf(point),
    rank: ordinal(point.rank),
    range: formatRange(point),
  }));
}

function timesOf(history: PastRank[], now: PastRank | undefined): (point: PastRank) => Moment {
  const as = hasHourlyPoints(history, now) ? 'moment' : 'day';
  return ({ at }) => ({ at, as });
}

// Points of the same day need the hour to tell them apart, no matter how long ago that day was.
function hasHourlyPoints(history: PastRank[], now: PastRank | undefined): boolean {
  const before = now ? history.slice(0, -1) : history;
  return spanMs(before) <= HOURLY_SPAN_MS;
}
