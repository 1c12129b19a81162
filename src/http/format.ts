// Made once: making a formatter costs more than rendering the rest of a page.
const numbers = new Intl.NumberFormat('en-GB');
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const times = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** A whole number for people: 12,345. */
export const number = (value: number): string => numbers.format(value);

/** A count with its noun: "1 vote", "12 votes". */
export const count = (value: number, noun: string, plural = `${noun}s`): string =>
  `${number(value)} ${value === 1 ? noun : plural}`;

/** A place in an order: 1st, 2nd, 3rd, 4th, 11th. */
export function ordinal(place: number): string {
  const ending =
    place % 100 >= 11 && place % 100 <= 13 ? undefined : { 1: 'st', 2: 'nd', 3: 'rd' }[place % 10];
  return number(place) + (ending ?? 'th');
}

/** A day for people: 21 November 2026, in UTC. */
export const day = (date: Date): string => days.format(date);

/** A moment for people: 21 November 2026, 14:05 UTC. */
export const moment = (date: Date): string => `${day(date)}, ${times.format(date)} UTC`;
