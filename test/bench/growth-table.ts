import type { Size } from './growth-data.js';

/** A line of the table: a measurement, its unit and its goal. */
interface Line {
  label: string;
  unit: 'MB' | 'ms' | 's' | '×' | 'a second';
  atMost?: number | ((size: Size) => number);
  atLeast?: number;
  /** How many times the value of the first size it may be. */
  atMostOfFirst?: number;
}

const fitSeconds = ({ votes }: Size): number => (votes > 1_000_000 ? 60 : 8);

const lines = {
  rows: { label: 'votes on disk, without indexes', unit: 'MB' },
  indexes: { label: 'size of their indexes, relative to the rows', unit: '×', atMost: 1.5 },
  pairs: { label: 'pair counts on disk, with indexes', unit: 'MB' },
  rebuild: { label: 'rebuild in total', unit: 's', atMost: fitSeconds },
  rebuildMemory: { label: 'memory of the rebuild', unit: 'MB', atMost: 1_000 },
  check: { label: 'check in total', unit: 's', atMost: fitSeconds },
  published: { label: 'first publishing, all pairs counted', unit: 's' },
  lag: { label: 'lag at 3,000 votes a second, median', unit: 's' },
  worstLag: { label: 'the same, maximum', unit: 's', atMost: 1 },
  catchUp: { label: 'catching up after a pause of 10 s', unit: 's', atMost: 2 },
  lagInFit: { label: 'lag during a fit of all votes', unit: 's', atMost: 1 },
  lagInPublication: { label: 'lag while 100,000 votes are published', unit: 's', atMost: 1 },
  folded: { label: 'votes folded from a backlog', unit: 'a second', atLeast: 20_000 },
  start: { label: 'start to first answer', unit: 's', atMost: 2 },
  memory: { label: 'web process without visitors', unit: 'MB', atMost: 250 },
  memoryUsed: { label: 'web process after all these pages', unit: 'MB', atMost: 250 },
  firstPair: { label: 'first pair page after the start', unit: 'ms', atMost: 300 },
  pair: { label: 'pair page', unit: 'ms', atMostOfFirst: 1.15 },
  pairMeanwhile: { label: 'slowest pair page while the board loads', unit: 'ms' },
  vote: { label: 'vote and next pair', unit: 'ms', atMostOfFirst: 1.15 },
  top: { label: 'Top 20', unit: 'ms', atMostOfFirst: 1.15 },
  leader: { label: 'page of one of the strongest things', unit: 'ms', atMostOfFirst: 1.15 },
  thing: { label: 'page of a random thing', unit: 'ms', atMostOfFirst: 1.15 },
  download: { label: 'download, first byte', unit: 'ms', atMost: 200 },
  front: { label: 'front page for a visitor', unit: 'ms', atMost: 20 },
} satisfies Record<string, Line>;

/** The name of a measurement. */
export type Figure = keyof typeof lines;

/** The measurements at one size. Measurements that do not apply are absent. */
export interface Column {
  size: Size;
  figures: Partial<Record<Figure, number>>;
}

/** Formats a Markdown table with one column for each size and one for the goals. A missed goal is bold. */
export function tableOf(columns: Column[]): string {
  const head = ['', ...columns.map(({ size }) => nameOf(size)), 'goal'];
  const body = Object.entries<Line>(lines).map(([name, line]) => [
    labelOf(line),
    ...columns.map(({ size, figures }) => {
      const value = figures[name as Figure];
      return cellOf(line, size, { value, firstValue: columns[0]?.figures[name as Figure] });
    }),
    goalOf(line),
  ]);
  const rule = head.map(() => '---');
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Formats a size. */
export const nameOf = ({ things, votes }: Size): string =>
  `${things.toLocaleString('en')} things, ${votes === 0 ? 'no' : votes.toLocaleString('en')} votes`;

const labelOf = ({ label, unit }: Line): string => (unit === '×' ? label : `${label}, ${unit}`);

function cellOf(
  line: Line,
  size: Size,
  { value, firstValue = value }: { value: number | undefined; firstValue: number | undefined },
): string {
  if (value === undefined || firstValue === undefined) return '–';
  const factor = value / firstValue;
  const isMissed =
    value > (maximumOf(line, size) ?? Infinity) ||
    value < (line.atLeast ?? -Infinity) ||
    factor > (line.atMostOfFirst ?? Infinity);
  const text = line.atMostOfFirst && factor !== 1 ? `${digits(value)} (× ${digits(factor)})` : digits(value);
  return isMissed ? `**${text}**` : text;
}

const maximumOf = ({ atMost }: Line, size: Size): number | undefined =>
  typeof atMost === 'function' ? atMost(size) : atMost;

function goalOf({ atMost, atLeast, atMostOfFirst }: Line): string {
  if (atMost === fitSeconds) return '≤ 8, of 10 million ≤ 60';
  if (typeof atMost === 'number') return `≤ ${digits(atMost)}`;
  if (atLeast) return `≥ ${digits(atLeast)}`;
  return atMostOfFirst ? `≤ × ${atMostOfFirst}` : '';
}

// More than three digits would be noise.
const digits = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });
