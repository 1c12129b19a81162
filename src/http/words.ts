/** A text with names and times in it. A page isolates each name, because it may be written from right to left. */
export type Words = (string | { name: string } | Moment)[];

/** A time as a part of a text. A script shows it in the language and the time zone of the reader. */
export interface Moment {
  at: Date;
  /** Whether the text has only the day. */
  as: 'day' | 'moment';
}
