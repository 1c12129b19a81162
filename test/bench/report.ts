import { afterAll, expect } from 'vitest';

// The table of results that a bench file prints at its end.

/** Bounds of a result, and a remark beside it. */
interface Target {
  atLeast?: number | undefined;
  atMost?: number | undefined;
  note?: string;
}

interface Row {
  label: string;
  found: string;
  target: string;
  note: string;
}

const rows: Row[] = [];
afterAll(() => {
  const line = ({ label, found, target, note }: Row): string =>
    `| ${label} | ${found} | ${target} | ${note} |`;
  const head = ['| what | found | target | |', '|---|---|---|---|'];
  console.info([...head, ...rows.map(line)].join('\n'));
});

/** Adds a result to the table. A missed target fails the test at its end. */
export function report(label: string, found: number, target: Target): void {
  add(label, { found, text: text(found) }, target);
}

/**
 * Adds the mean of one value of each simulated world to the table, with its standard error. Values that are
 * NaN are left out.
 */
export function reportMean(label: string, values: number[], target: Target = {}): void {
  const known = values.filter((value) => !Number.isNaN(value));
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (known.length - 1);
  const error = Math.sqrt(variance / known.length);
  add(label, { found: mean, text: `${text(mean)} ± ${error.toPrecision(1)}` }, target);
}

/** Adds a result without a target to the table. */
export function note(label: string, found: number, remark = ''): void {
  rows.push({ label, found: text(found), target: '', note: remark });
}

/** Writes a number to three digits. */
export function text(number: number | undefined): string {
  if (number === undefined || !Number.isFinite(number)) return 'never';
  return String(Number(number.toPrecision(3)));
}

/** Whether something is so, as a value whose mean is a share. */
export const asShare = (is: boolean): number => (is ? 1 : 0);

/** Simulates worlds with seeds from `first` on. */
export const worlds = <Result>(count: number, first: number, simulate: (seed: number) => Result): Result[] =>
  Array.from({ length: count }, (_, world) => simulate(first + world));

function add(
  label: string,
  { found, text: shown }: { found: number; text: string },
  { atLeast = -Infinity, atMost = Infinity, note: remark = '' }: Target,
): void {
  const bounds = [
    ...(atLeast > -Infinity ? [`>= ${atLeast}`] : []),
    ...(atMost < Infinity ? [`<= ${atMost}`] : []),
  ];
  rows.push({ label, found: shown, target: bounds.join(', '), note: remark });
  expect.soft(found, label).toBeGreaterThanOrEqual(atLeast);
  expect.soft(found, label).toBeLessThanOrEqual(atMost);
}
