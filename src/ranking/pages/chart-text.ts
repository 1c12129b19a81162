import { day, moment, ordinal } from '../../http/format.js';
import { formatRange } from '../boards/describe-standing.js';
import type { PastRank } from '../boards/rank-history.js';

/** One point of a chart as a row of a table: "Now", "3rd", "1st–12th". */
export interface ChartRow {
  time: string;
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
export function describeHistory(history: PastRank[], now: PastRank | undefined): string {
  const isHourly = hasHourlyPoints(history, now);
  const formatTime = ({ at }: PastRank): string => (isHourly ? moment(at) : day(at));
  const [first, last] = [history[0] as PastRank, history.at(-1) as PastRank];
  const ranks = history.map(({ rank }) => rank);
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  if (best === worst)
    return `It has been ${ordinal(best)} ${now ? 'since' : 'from'} ${formatTime(first)}${now ? '' : ` until ${formatTime(last)}`}.`;
  const until = last === now ? 'now' : `on ${formatTime(last)}`;
  const course = `It went from ${ordinal(first.rank)} on ${formatTime(first)} to ${ordinal(last.rank)} ${until}.`;
  const between = [
    ...(best < Math.min(first.rank, last.rank) ? [`${ordinal(best)} at its best`] : []),
    ...(worst > Math.max(first.rank, last.rank) ? [`${ordinal(worst)} at its worst`] : []),
  ];
  return between.length > 0 ? `${course} In between, it was ${between.join(' and ')}.` : course;
}

/** Lists the points of a history as a table, newest first. Its parameters are those of `describeHistory`. */
export function chartTable(history: PastRank[], now: PastRank | undefined): ChartRow[] {
  const format = hasHourlyPoints(history, now) ? minutes : dateFormat;
  return history.toReversed().map((point) => ({
    time: point === now ? 'Now' : format.format(point.at),
    rank: ordinal(point.rank),
    range: formatRange(point),
  }));
}

// Points of the same day need the hour to tell them apart, no matter how long ago that day was.
function hasHourlyPoints(history: PastRank[], now: PastRank | undefined): boolean {
  const before = now ? history.slice(0, -1) : history;
  return spanMs(before) <= HOURLY_SPAN_MS;
}

const minutes = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** Formats a day with its year: "3 Nov 2026" (UTC). */
export const dateFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
