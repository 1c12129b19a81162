import { notFound } from '../../http/problem.js';
import type { Board, Standing } from '../boards/board.js';

/** How many things one page of a full ranking shows. */
const PAGE_SIZE = 50;

/** One page of a full ranking, or of those of its things that a search found. */
export interface Listing {
  standings: readonly Standing[];
  /** How many things there are on all pages. */
  found: number;
  /** Which page this is, from 1. */
  page: number;
  /** How many there are; 1 when nothing was found. */
  pages: number;
}

const LONGEST_SEARCH = 80;

/**
 * What is searched for, as a field can show it again: on one line, without control characters, at most 80 characters
 * long. Of several searches in one address it is the first.
 * @param typed as it stands in the address; nothing for all things
 */
export function readSearch(typed: unknown): string {
  const [first] = [typed].flat();
  const line = (typeof first === 'string' ? first : '')
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim();
  // A character that is written in two halves is not cut in half.
  return line.slice(0, LONGEST_SEARCH).replace(/[\uD800-\uDBFF]$/, '');
}

/**
 * A page of a topic's ranking, best first, with only the things whose names have all words of a search in them,
 * whatever their case and accents.
 * @param query empty for all things
 * @param page as it stands in the address; what is no page number is the first page
 * @throws Problem 404 for a page beyond the last
 */
export function listStandings(board: Board, query: string, page: unknown): Listing {
  const standings = search(board, query);
  const pages = Math.max(Math.ceil(standings.length / PAGE_SIZE), 1);
  const number = typeof page === 'string' && /^[1-9]\d*$/.test(page) ? Number(page) : 1;
  if (number > pages) throw notFound();
  const from = (number - 1) * PAGE_SIZE;
  return { standings: standings.slice(from, from + PAGE_SIZE), found: standings.length, page: number, pages };
}

/** On which page of the full ranking a place is, from 1. */
export const pageOf = (rank: number): number => Math.ceil(rank / PAGE_SIZE);

/**
 * The page numbers to offer: the first, the last and those around the one that is shown, with undefined where some
 * are left out.
 */
export function pageNumbers({ page, pages }: Pick<Listing, 'page' | 'pages'>): (number | undefined)[] {
  const near = new Set(
    [1, page - 1, page, page + 1, pages].filter((number) => number >= 1 && number <= pages),
  );
  return [...near].flatMap((number, index, all) => {
    const gap = number - (all[index - 1] ?? 0);
    // One page left out would take the room of its number.
    return gap === 1 ? [number] : gap === 2 ? [number - 1, number] : [undefined, number];
  });
}

function search(board: Board, query: string): readonly Standing[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return board.standings;
  const names = foldedNames(board);
  return board.standings.filter((_standing, index) => words.every((word) => names[index]?.includes(word)));
}

// As long as a board stands, so do the names on it.
const folded = new WeakMap<Board, string[]>();

function foldedNames(board: Board): string[] {
  const known = folded.get(board) ?? board.standings.map(({ name }) => fold(name));
  folded.set(board, known);
  return known;
}

/** Letters that Unicode takes for letters of their own, and people who type on another keyboard do not. */
const PLAIN: Record<string, string> = { ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', æ: 'ae', œ: 'oe', ı: 'i' };

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase() // writes ß as SS
    .toLowerCase()
    .replace(/[øłđðþæœı]/g, (letter) => PLAIN[letter] ?? letter)
    .replace(/[’ʼ]/g, "'");
}
