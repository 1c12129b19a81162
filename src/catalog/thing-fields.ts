import { statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../config.js';
import { quoted } from './row-problems.js';

/** A column of a table of things. */
export type ThingColumn = 'name' | 'picture' | 'description' | 'link' | 'text' | 'tags' | 'location' | 'team';

/** The columns of a table of things. Only the name is required. */
export const THING_COLUMNS: readonly ThingColumn[] = [
  ...(['name', 'picture', 'description', 'link', 'text', 'tags', 'location', 'team'] as const),
];

/** The fields of a thing as somebody wrote them; empty where there is nothing. */
export type ThingCells = Record<ThingColumn, string>;

/** What is wrong with one field of a thing. The message completes "name …". */
export interface ThingProblem {
  column: ThingColumn;
  message: string;
}

/** The most characters of each field. */
export const THING_LENGTHS = { name: 80, description: 300, link: 500, text: 20_000, location: 60, team: 80 };

/** The most tags of a thing, and the most characters of a tag. */
export const [MAX_TAGS, TAG_LENGTH] = [10, 30];

/** A thing without anything. */
export const NO_CELLS: Readonly<ThingCells> = {
  ...{ name: '', picture: '', description: '', link: '', text: '', tags: '', location: '', team: '' },
};

/** Puts the fields of a thing into the form in which they are stored: lines that belong on one line are joined. */
export function tidyThing(cells: ThingCells): ThingCells {
  return {
    ...cells,
    // A page shows a description as one paragraph, so a line break becomes a space.
    description: cells.description.replace(/\s+/g, ' '),
    text: cells.text.replace(/\r\n?/g, '\n'),
    tags: tagsOf(cells.tags).join(', '),
  };
}

/** Finds what is wrong with the fields of a thing. Nothing is wrong when the result is empty. */
export function checkThing(cells: ThingCells): ThingProblem[] {
  const problems: ThingProblem[] = [];
  const report = (column: ThingColumn, message: string): void => void problems.push({ column, message });
  const { name, picture, link, text } = cells;

  if (name === '') report('name', 'is empty');
  for (const column of ['name', 'location', 'team'] as const) {
    const value = cells[column];
    if (isLonger(value, THING_LENGTHS[column]))
      report(column, `${quoted(value)} is longer than ${THING_LENGTHS[column]} characters`);
    else if (/\p{Cc}/u.test(value))
      report(column, `${quoted(value)} has a line break or another control character`);
  }

  if (picture && !/^[\w-]+(\/[\w-]+)*\.(svg|png|jpe?g|webp|avif|gif)$/i.test(picture))
    report(
      'picture',
      `${quoted(picture)} is not a picture's path under public/pictures, such as food/pizza.svg`,
    );
  else if (picture && !isFile(join(root, 'public/pictures', picture)))
    report('picture', `${quoted(picture)} is not in public/pictures: put the file there first`);

  if (isLonger(cells.description, THING_LENGTHS.description))
    report('description', `is longer than ${THING_LENGTHS.description} characters`);
  else if (/\p{Cc}/u.test(cells.description)) report('description', 'has a control character');

  if (link.length > THING_LENGTHS.link) report('link', `is longer than ${THING_LENGTHS.link} characters`);
  else if (link && !isWebAddress(link))
    report('link', `${quoted(link)} is not an address that starts with http:// or https://`);

  if (isLonger(text, THING_LENGTHS.text)) report('text', 'is longer than 20,000 characters');
  else if (/[^\P{Cc}\n\t]/u.test(text)) report('text', 'has a control character');

  const tags = tagsOf(cells.tags);
  const long = tags.find((tag) => isLonger(tag, TAG_LENGTH));
  if (tags.length > MAX_TAGS) report('tags', `has ${tags.length} tags, and ${MAX_TAGS} is the most`);
  else if (long !== undefined) report('tags', `${quoted(long)} is longer than ${TAG_LENGTH} characters`);
  else if (/\p{Cc}/u.test(tags.join())) report('tags', 'has a control character');
  return problems;
}

/** Splits tags at commas and semicolons, and leaves out those that came before. */
export function tagsOf(text: string): string[] {
  const tags = text
    .split(/[,;]/)
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  return tags.filter((tag, index) => tags.findIndex((other) => isSameName(other, tag)) === index);
}

/** Makes the part of an address that names a thing. */
export function thingSlug(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'thing';
}

const isSameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

// The length in UTF-16 units is never less than that in characters, and takes no time.
const isLonger = (text: string, most: number): boolean => text.length > most && [...text].length > most;

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

function isWebAddress(link: string): boolean {
  return !/[\s\p{Cc}]/u.test(link) && /^https?:\/\//i.test(link) && URL.canParse(link);
}
