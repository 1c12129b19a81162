// Created once: creating a formatter costs more than rendering the rest of a page.
const numbers = new Intl.NumberFormat('en-GB');
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const times = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** Formats a whole number: 12,345. */
export const number = (value: number): string =>
  // Small numbers have no separator, and the formatter takes a hundred times as long.
  Number.isInteger(value) && value >= 0 && value < 1_000 ? String(value) : numbers.format(value);

/** Formats a count with its noun: "1 vote", "12 votes". */
export const count = (value: number, noun: string, plural = `${noun}s`): string =>
  `${number(value)} ${value === 1 ? noun : plural}`;

/** Formats a number with so many decimals: 1.50. */
export const decimal = (value: number, digits: number): string => value.toFixed(digits);

/** Formats a share of a whole in per cent, with one decimal: 52.4 %. */
export const percent = (share: number): string => `${decimal(100 * share, 1)} %`;

/** Formats several names in a row: "Ramen, Sushi". */
export const list = (names: readonly string[]): string => names.join(', ');

/** Begins a sentence with a word: "Owner". */
export const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The address of a page with the parameters that are not empty: "/admin/people?show=all". */
export function address(path: string, parameters: Record<string, string | number>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== '') query.set(name, String(value));
  return query.size > 0 ? `${path}?${query}` : path;
}

/** Formats a time in seconds, rounded down: "2 hours", "119 minutes", "1 minute". */
export function duration(seconds: number): string {
  const minutes = Math.max(Math.floor(seconds / 60), 1);
  return minutes % 60 === 0 ? count(minutes / 60, 'hour') : count(minutes, 'minute');
}

/** Formats a rank: 1st, 2nd, 3rd, 4th, 11th. */
export function ordinal(rank: number): string {
  const isTeen = rank % 100 >= 11 && rank % 100 <= 13;
  const ending = isTeen ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[rank % 10];
  return number(rank) + (ending ?? 'th');
}

/** The smallest of 1, 2, 5, 10, 20, 50 … that divides a span of ranks into `most` steps at most. */
export function roundStep(span: number, most: number): number {
  const power = 10 ** Math.max(Math.floor(Math.log10(span / most)), 0);
  return ([1, 2, 5].find((digit) => span / (digit * power) <= most) ?? 10) * power;
}

/** Formats a day in UTC: 21 November 2026. */
export const day = (date: Date): string => days.format(date);

/** Formats a time of day in UTC: 14:05 UTC. */
export const clock = (date: Date): string => `${times.format(date)} UTC`;

/** Formats a date and time in UTC: 21 November 2026, 14:05 UTC. */
export const moment = (date: Date): string => `${day(date)}, ${clock(date)}`;

/** Whether a part of a page shows times, which a script puts into the reader's own zone. */
export const hasTimes = (html: string): boolean => html.includes('<time ');

/** The first letter of a name as a reader sees it, which can be several code points: an emoji, or é. */
export function letter(name: string): string {
  // Most names begin with a plain letter, and the segmenter takes a hundred times as long.
  if (/^[ -~]{2}/.test(name)) return name.charAt(0);
  return graphemes.segment(name)[Symbol.iterator]().next().value?.segment ?? '';
}
