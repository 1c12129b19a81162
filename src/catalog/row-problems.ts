/** Why a file can't be imported: a line for each problem, in the order of its rows. */
export class ImportError extends Error {}

/** One thing that is wrong with a file, and where: rows count from 1, the header being the first, as in a spreadsheet. */
export interface Problem {
  row: number;
  column?: string;
  /** Completes "row 12, column winner: ...". */
  what: string;
}

const SHOWN = 20;

/** What is wrong with a file: its first twenty problems and the number of all, however many there are. */
export class Problems {
  readonly #first: Problem[] = [];
  #count = 0;

  /** How many there are so far. */
  get count(): number {
    return this.#count;
  }

  /** Notes a problem. */
  add(problem: Problem): void {
    this.#count++;
    const last = this.#first[SHOWN - 1];
    if (last && last.row <= problem.row) return;
    this.#first.push(problem);
    this.#first.sort((one, other) => one.row - other.row).splice(SHOWN);
  }

  /** Counts so many more problems without saying what they are. */
  addUnseen(count: number): void {
    this.#count += count;
  }

  /** Lets a file pass that has no problem. @throws ImportError with the first twenty otherwise */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const lines = this.#first.map(
      ({ row, column, what }) => `row ${row}${column === undefined ? '' : `, column ${column}`}: ${what}`,
    );
    const more = this.#count - lines.length;
    throw new ImportError(
      [...lines, ...(more > 0 ? [`and ${more.toLocaleString('en')} more`] : [])].join('\n'),
    );
  }
}

/** A value from a file as an error line shows it: in quotes, on one line, not too long. */
export function quoted(value: string): string {
  const characters = [...value];
  return JSON.stringify(characters.length > 60 ? `${characters.slice(0, 60).join('')}...` : value);
}
