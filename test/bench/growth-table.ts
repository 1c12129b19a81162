import type { Size } from './growth-data.js';

/** A line of the table: what was measured, in which unit, and what it should come to. */
interface Line {
  what: string;
  unit: 'MB' | 'ms' | 's' | '×' | 'a second';
  atMost?: number | ((size: Size) => number);
  atLeast?: number;
  /** How much slower than on the first size it may be, as a factor. */
  atMostOfFirst?: number;
}

const fitSeconds = ({ votes }: Size): number => (votes > 1_000_000 ? 60 : 8);

const lines = {
  rows: { what: 'votes on disk, without indexes', unit: 'MB' },
  indexes: { what: 'their indexes, to the rows', unit: '×', atMost: 1.5 },
  pairs: { what: 'pair counts on disk, with indexes', unit: 'MB' },
  rebuild: { what: 'rebuild, all in', unit: 's', atMost: fitSeconds },
  rebuildMemory: { what: 'memory of the rebuild', unit: 'MB', atMost: 1_000 },
  check: { what: 'check, all in', unit: 's', atMost: fitSeconds },
  published: { what: 'publishing at first, all pairs counted', unit: 's' },
  lag: { what: 'lag at 3,000 votes a second, median', unit: 's' },
  worstLag: { what: 'the same, at worst', unit: 's', atMost: 1 },
  catchUp: { what: 'catching up after a pause of 10 s', unit: 's', atMost: 2 },
  lagInFit: { what: 'lag while all votes are fitted', unit: 's', atMost: 1 },
  lagInPublication: { what: 'lag while 100,000 votes are published', unit: 's', atMost: 1 },
  folded: { what: 'votes folded of a backlog', unit: 'a second', atLeast: 20_000 },
  start: { what: 'start to first answer', unit: 's', atMost: 2 },
  memory: { what: 'web process, nobody there', unit: 'MB', atMost: 250 },
  memoryUsed: { what: 'web process, after all these pages', unit: 'MB', atMost: 250 },
  firstPair: { what: 'first pair page after the start', unit: 'ms', atMost: 300 },
  pair: { what: 'pair page', unit: 'ms', atMostOfFirst: 1.15 },
  pairMeanwhile: { what: 'slowest pair page while the board is loaded', unit: 'ms' },
  vote: { what: 'vote and next pair', unit: 'ms', atMostOfFirst: 1.15 },
  top: { what: 'Top 20', unit: 'ms', atMostOfFirst: 1.15 },
  leader: { what: 'page of one of the strongest things', unit: 'ms', atMostOfFirst: 1.15 },
  thing: { what: 'page of any thing', unit: 'ms', atMostOfFirst: 1.15 },
  download: { what: 'download, first byte', unit: 'ms', atMost: 200 },
  front: { what: 'front page, signed out', unit: 'ms', atMost: 20 },
} satisfies Record<string, Line>;

/** What can be measured. */
export type Figure = keyof typeof lines;

/** What was measured at one size; what does not apply is absent. */
export interface Column {
  size: Size;
  figures: Partial<Record<Figure, number>>;
}

/** The figures as a table in Markdown, a size a column, with the goals beside them; what misses its goal is bold. */
export function tableOf(columns: Column[]): string {
  const head = ['', ...columns.map(({ size }) => nameOf(size)), 'goal'];
  const body = Object.entries<Line>(lines).map(([name, line]) => [
    unitOf(line),
    ...columns.map((column) => cellOf(line, name as Figure, column, columns[0])),
    goalOf(line),
  ]);
  const rule = head.map(() => '---');
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A size in words. */
export const nameOf = ({ things, votes }: Size): string =>
  `${things.toLocaleString('en')} things, ${votes === 0 ? 'no' : votes.toLocaleString('en')} votes`;

const unitOf = ({ what, unit }: Line): string => (unit === '×' ? what : `${what}, ${unit}`);

function cellOf(line: Line, name: Figure, { size, figures }: Column, first: Column | undefined): string {
  const found = figures[name];
  if (found === undefined) return '–';
  const factor = found / (first?.figures[name] ?? found);
  const isMissed =
    found > (mostOf(line, size) ?? Infinity) ||
    found < (line.atLeast ?? -Infinity) ||
    factor > (line.atMostOfFirst ?? Infinity);
  const text = line.atMostOfFirst && factor !== 1 ? `${digits(found)} (× ${digits(factor)})` : digits(found);
  return isMissed ? `**${text}**` : text;
}

const mostOf = ({ atMost }: Line, size: Size): number | undefined =>
  typeof atMost === 'function' ? atMost(size) : atMost;

function goalOf({ atMost, atLeast, atMostOfFirst }: Line): string {
  if (atMost === fitSeconds) return '≤ 8, of 10 million ≤ 60';
  if (typeof atMost === 'number') return `≤ ${digits(atMost)}`;
  if (atLeast) return `≥ ${digits(atLeast)}`;
  return atMostOfFirst ? `≤ × ${atMostOfFirst}` : '';
}

// Three digits tell enough, and more would be noise.
const digits = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });
