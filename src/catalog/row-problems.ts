/** A file can't be imported. The message has a line for each problem, in the order of the rows. */
export class ImportError extends Error {}

/** One problem in a file. */
export interface RowProblem {
  /** Counts from 1, with the header as row 1, as a spreadsheet does. */
  row: number;
  column?: string;
  /** Completes "row 12, column winner: ...". */
  message: string;
}

const MAX_LISTED = 20;

/** Collects the problems in a file: the first twenty by row, and the number of all. */
export class RowProblems {
  readonly #listed: RowProblem[] = [];
  #count = 0;

  /** Number of problems so far. */
  get count(): number {
    return this.#count;
  }

  /** Adds a problem. */
  add(problem: RowProblem): void {
    this.#count++;
    const last = this.#listed[MAX_LISTED - 1];
    if (last && last.row <= problem.row) return;
    this.#listed.push(problem);
    this.#listed.sort((one, other) => one.row - other.row).splice(MAX_LISTED);
  }

  /** Counts more problems without listing them. */
  addUnlisted(count: number): void {
    this.#count += count;
  }

  /** @throws ImportError with the first twenty problems, if there are any */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const lines = this.#listed.map(
      ({ row, column, message }) =>
        `row ${row}${column === undefined ? '' : `, column ${column}`}: ${message}`,
    );
    const more = this.#count - lines.length;
    throw new ImportError(
      [...lines, ...(more > 0 ? [`and ${more.toLocaleString('en')} more`] : [])].join('\n'),
    );
  }
}

/** Shows a value from a file in an error message: in quotes, on one line, with at most 60 characters. */
export function quoted(value: string): string {
  const characters = [...value];
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join('')}...` : value);
}
