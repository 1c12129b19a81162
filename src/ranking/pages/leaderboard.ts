import { notFound } from '../../http/problem.js';
import type { Board, Standing } from '../boards/board.js';

/** Number of things on one page of a full ranking. */
const PAGE_SIZE = 50;

/** One page of a full ranking, or of the results of a search in it. */
export interface Listing {
  standings: readonly Standing[];
  /** Number of things on all pages. */
  found: number;
  /** The number of this page, from 1. */
  page: number;
  /** Number of pages; 1 when nothing was found. */
  pages: number;
}

const MAX_QUERY_LENGTH = 80;

/**
 * Reads a search query from an address. The result is one line of at most 80 characters without control
 * characters, so that the search field can show it again.
 * @param parameter the value in the address; of several values the first counts
 * @returns the query; empty for all things
 */
export function parseSearchQuery(parameter: unknown): string {
  const [first] = [parameter].flat();
  const line = (typeof first === 'string' ? first : '')
    .replace(/\s+/g, ' ')
    .replace(/\p{Cc}/gu, '')
    .trim();
  // Does not leave the first half of a surrogate pair at the end.
  return line.slice(0, MAX_QUERY_LENGTH).replace(/[\uD800-\uDBFF]$/, '');
}

/**
 * Returns one page of a topic's ranking, strongest first. With a query, it has only the things whose names
 * contain all words of the query, in any case and with or without accents.
 * @param query empty for all things
 * @param page the value in the address; page 1 when it is not a page number
 * @throws Problem 404 for a page after the last one
 */
export function listStandings(board: Board, query: string, page: unknown): Listing {
  const standings = search(board, query);
  const pages = Math.max(Math.ceil(standings.length / PAGE_SIZE), 1);
  const number = typeof page === 'string' && /^[1-9]\d*$/.test(page) ? Number(page) : 1;
  if (number > pages) throw notFound();
  const from = (number - 1) * PAGE_SIZE;
  return { standings: standings.slice(from, from + PAGE_SIZE), found: standings.length, page: number, pages };
}

/** The page of the full ranking that has a rank; both count from 1. */
export const pageOfRank = (rank: number): number => Math.ceil(rank / PAGE_SIZE);

/**
 * Returns the page numbers to link to: the first, the last and those around this page. Undefined stands for a
 * gap.
 */
export function pageNumbers({ page, pages }: Pick<Listing, 'page' | 'pages'>): (number | undefined)[] {
  const shown = new Set(
    [1, page - 1, page, page + 1, pages].filter((number) => number >= 1 && number <= pages),
  );
  return [...shown].flatMap((number, index, all) => {
    const gap = number - (all[index - 1] ?? 0);
    // A gap of one page would take as much space as its number.
    return gap === 1 ? [number] : gap === 2 ? [number - 1, number] : [undefined, number];
  });
}

function search(board: Board, query: string): readonly Standing[] {
  const words = foldText(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return board.standings;
  const names = foldedNames(board);
  return board.standings.filter((_standing, index) => words.every((word) => names[index]?.includes(word)));
}

// The names on a board never change: a change of the topic makes a new board.
const cachedNames = new WeakMap<Board, string[]>();

function foldedNames(board: Board): string[] {
  const names = cachedNames.get(board) ?? board.standings.map(({ name }) => foldText(name));
  cachedNames.set(board, names);
  return names;
}

/** Letters that Unicode does not decompose, with what people without the right keyboard type instead. */
const PLAIN_LETTERS: Record<string, string> = {
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  æ: 'ae',
  œ: 'oe',
  ı: 'i',
};

function foldText(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase() // turns ß into SS
    .toLowerCase()
    .replace(/[øłđðþæœı]/g, (letter) => PLAIN_LETTERS[letter] ?? letter)
    .replace(/[’ʼ]/g, "'");
}
