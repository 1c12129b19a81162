import { day, moment, ordinal } from '../../http/format.js';
import type { PastRank } from '../boards/history.js';

/** A place on the drawing: percent of its width and height, from the left and the top. */
interface Spot {
  x: number;
  y: number;
}

/** A thing's place over time, ready to be drawn: the first place on top. */
export interface Chart {
  /** SVG path data in a square of 100 by 100, which is stretched to the drawing. */
  line: string;
  /** The ranges of the place. */
  band: string;
  /** Where the line ends; where it begins, as long as there is but one point. */
  end: Spot;
  gridlines: { y: number; label: string }[];
  dates: { x: number; label: string; anchor: 'start' | 'middle' | 'end' }[];
  /** The same in a sentence or two. */
  sentence: string;
  /** The same in figures, newest first. */
  figures: { when: string; place: string; range: string }[];
}

/**
 * Draws a thing's place over time.
 * @param past oldest first; a point of this hour gives way to `now`
 * @param now where the thing stands at this moment; undefined for one that is ranked no more
 * @param size number of things that are ranked
 * @returns undefined when there is nothing to draw
 */
export function chartOf(past: PastRank[], now: PastRank | undefined, size: number): Chart | undefined {
  const before = now ? past.filter(({ at }) => now.at.getTime() - at.getTime() >= HOUR_MS) : past;
  const points = now ? [...before, now] : before;
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || (now && past.length === 0)) return undefined;
  const span = last.at.getTime() - first.at.getTime();
  const across = ({ at }: PastRank): number =>
    span === 0 ? MIDDLE : LEFT + ((at.getTime() - first.at.getTime()) / span) * (RIGHT - LEFT);
  const shown = placesShown(points, size);
  const down = (place: number): number =>
    TOP + ((clamp(place, shown.from, shown.to) - shown.from) / (shown.to - shown.from)) * (BOTTOM - TOP);
  const byHour = isByHour(before);
  const when = ({ at }: PastRank): string => (byHour ? moment(at) : day(at));
  return {
    line: pathOf(held(points).map((point) => ({ x: across(point), y: down(point.rank) }))),
    band: bandOf(points, across, down),
    end: { x: round(across(last)), y: round(down(last.rank)) },
    gridlines: gridPlaces(shown).map((place) => ({ y: round(down(place)), label: ordinal(place) })),
    dates: datesOf(points, across, now),
    sentence: sentenceOf(points, when, now),
    figures: points.toReversed().map((point) => ({
      when: point === now ? 'Now' : (byHour ? minutes : years).format(point.at),
      place: ordinal(point.rank),
      range: rangeOf(point.low, point.high),
    })),
  };
}

const HOUR_MS = 3_600_000;
/** Up to here dates are told with the hour. */
const HOURLY_MS = 49 * HOUR_MS;
/** Room around the line for labels, in percent. */
const [LEFT, RIGHT, TOP, BOTTOM] = [12, 97, 9, 88];
const MIDDLE = (LEFT + RIGHT) / 2;
/** The drawing shows so many places at the least. */
const LEAST_PLACES = 5;
/** Half the width of a range that stands alone. */
const HALF_BAR = 1.2;
const MOST_GRIDLINES = 5;

// Points that may be of the same day are told apart by the hour, however long ago that was.
function isByHour(before: PastRank[]): boolean {
  const [first, last] = [before[0], before.at(-1)];
  return !first || !last || last.at.getTime() - first.at.getTime() <= HOURLY_MS;
}

// The places from and to which the drawing reaches: those the line passes, some around them, and today's range.
function placesShown(points: PastRank[], size: number): { from: number; to: number } {
  const ranks = points.map(({ rank }) => rank);
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  const { low, high } = points.at(-1) as PastRank;
  const around = Math.max(2, Math.ceil((worst - best) / 3));
  let from = Math.max(1, Math.min(best - around, low));
  const to = Math.max(
    Math.min(Math.max(worst + around, high), Math.max(size, worst)),
    from + LEAST_PLACES - 1,
  );
  if (from <= 4) from = 1;
  return { from, to };
}

// A place holds until it changes: a line straight to the next point would tell of places that nobody saw.
function held(points: PastRank[]): PastRank[] {
  const span = (points.at(-1) as PastRank).at.getTime() - (points[0] as PastRank).at.getTime();
  return points.flatMap((point, index) => {
    const next = points[index + 1];
    if (!next || next.at.getTime() - point.at.getTime() < span / 20) return [point];
    return [point, { ...point, at: new Date(next.at.getTime() - span / 60) }];
  });
}

function bandOf(
  points: PastRank[],
  across: (point: PastRank) => number,
  down: (place: number) => number,
): string {
  const along = held(points);
  const upper = along.map((point) => ({ x: across(point), y: down(point.low - 0.5) }));
  const lower = along.map((point) => ({ x: across(point), y: down(point.high + 0.5) }));
  const [only] = upper;
  // A single point has a range too, and that has to be wide enough to be seen.
  if (upper.length === 1 && only && lower[0]) {
    upper.splice(0, 1, { x: only.x - HALF_BAR, y: only.y }, { x: only.x + HALF_BAR, y: only.y });
    lower.splice(0, 1, { x: only.x - HALF_BAR, y: lower[0].y }, { x: only.x + HALF_BAR, y: lower[0].y });
  }
  return `${pathOf([...upper, ...lower.reverse()])}Z`;
}

// A handful of round places, and the first one where the drawing reaches up to it.
function gridPlaces({ from, to }: { from: number; to: number }): number[] {
  const steps = [1, 2, 5].flatMap((one) => [1, 10, 100, 1_000, 10_000, 100_000].map((ten) => one * ten));
  const step =
    steps.sort((one, other) => one - other).find((one) => (to - from) / one <= MOST_GRIDLINES) ?? to;
  const places = from === 1 ? [1] : [];
  for (let place = Math.ceil(from / step) * step; place <= to; place += step)
    if (place > 1 && (places[0] !== 1 || place - 1 >= step / 2)) places.push(place);
  return places;
}

const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const years = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const minutes = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});
const hours = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

function datesOf(
  points: PastRank[],
  across: (point: PastRank) => number,
  now: PastRank | undefined,
): Chart['dates'] {
  const [first, last] = [points[0] as PastRank, points.at(-1) as PastRank];
  const span = last.at.getTime() - first.at.getTime();
  const sameYear = first.at.getUTCFullYear() === last.at.getUTCFullYear();
  const format = span <= HOURLY_MS ? hours : sameYear ? days : years;
  const label = (point: PastRank): string => (point === now ? 'Now' : format.format(point.at));
  if (points.length === 1) return [{ x: MIDDLE, label: label(first), anchor: 'middle' }];
  const ends = [
    { x: LEFT, label: label(first), anchor: 'start' as const },
    { x: RIGHT, label: label(last), anchor: 'end' as const },
  ];
  if (points.length === 2) return ends;
  const middle = { ...first, at: new Date(roundTo(HOUR_MS, first.at.getTime() + span / 2)) };
  return [...ends, { x: round(across(middle)), label: label(middle), anchor: 'middle' }];
}

const roundTo = (unit: number, value: number): number => Math.round(value / unit) * unit;

function sentenceOf(
  points: PastRank[],
  when: (point: PastRank) => string,
  now: PastRank | undefined,
): string {
  const [first, last] = [points[0] as PastRank, points.at(-1) as PastRank];
  if (points.length === 1)
    return now
      ? `Its line begins here, at place ${last.rank}.`
      : `It was ${ordinal(last.rank)} on ${when(last)}.`;
  const ranks = points.map(({ rank }) => rank);
  const [best, worst] = [Math.min(...ranks), Math.max(...ranks)];
  const until = last === now ? 'now' : `on ${when(last)}`;
  if (best === worst)
    return `It has been ${ordinal(best)} ${now ? 'since' : 'from'} ${when(first)}${now ? '' : ` until ${when(last)}`}.`;
  const course = `It went from ${ordinal(first.rank)} on ${when(first)} to ${ordinal(last.rank)} ${until}.`;
  const between = [
    ...(best < Math.min(first.rank, last.rank) ? [`${ordinal(best)} at its best`] : []),
    ...(worst > Math.max(first.rank, last.rank) ? [`${ordinal(worst)} at its worst`] : []),
  ];
  return between.length > 0 ? `${course} In between, it was ${between.join(' and ')}.` : course;
}

const rangeOf = (low: number, high: number): string =>
  low === high ? ordinal(low) : `${ordinal(low)}–${ordinal(high)}`;

const pathOf = (spots: Spot[]): string =>
  spots.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`).join('');

const round = (percent: number): number => Math.round(percent * 100) / 100;

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);
