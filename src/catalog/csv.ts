import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { normalForm } from '../normal-form.js';
import { quoted, type RowProblems } from './row-problems.js';

/** One row of a file. */
export interface Row<Column extends string> {
  /** Counts from 1, with the header as row 1. */
  row: number;
  /** The trimmed cells of the columns that are read; a missing cell is empty. */
  cells: Record<Column, string>;
}

/** The columns that are read from a file; others are ignored. */
export interface Columns<Column extends string> {
  required: readonly Column[];
  optional: readonly Column[];
}

const BATCH_SIZE = 5_000;

/**
 * A regular expression for the first character of a cell that a spreadsheet would run as a formula,
 * full-width forms included.
 */
export const FORMULA_START = '[=+\\-@\\t\\r\uFF1D\uFF0B\uFF0D\uFF20]';

/**
 * Reads a CSV file (UTF-8, comma, header in the first row) in batches of 5,000 rows. Blank rows are left out.
 * So are invalid rows, whose problems are added to `problems`.
 * @param onProgress is called with the number of rows read so far
 * @throws Error when the source can't be read
 */
export async function* readRows<Column extends string>(
  source: Readable,
  columns: Columns<Column>,
  {
    problems,
    onProgress = () => undefined,
  }: { problems: RowProblems; onProgress?: ((rows: number) => void) | undefined },
): AsyncGenerator<Row<Column>[]> {
  const parser = parse({
    bom: true,
    max_record_size: 100_000,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  // The loop below throws the errors of the source, so this callback has nothing to do.
  pipeline(source, parser, () => undefined);
  let row = 0;
  let header: Header<Column> | undefined;
  let batch: Row<Column>[] = [];
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      row++;
      if (!header) {
        header = readHeader(record, columns, problems);
        if (!header) return;
        continue;
      }
      const cells = readCells({ row, record }, header, problems);
      if (cells) batch.push({ row, cells });
      if (batch.length < BATCH_SIZE) continue;
      yield batch;
      onProgress(row - 1);
      batch = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return problems.add({ row: Number(error.records) + 1, message: describeCsvError(error) });
  }
  if (!header) return problems.add({ row: 1, message: 'the file is empty' });
  if (batch.length > 0) yield batch;
  onProgress(row - 1);
}

interface Header<Column extends string> {
  width: number;
  /** Where each column is in a record; undefined for one that the file does not have. */
  indexes: Record<Column, number | undefined>;
}

function readHeader<Column extends string>(
  record: string[],
  { required, optional }: Columns<Column>,
  problems: RowProblems,
): Header<Column> | undefined {
  const before = problems.count;
  const names = record.map((cell) => cell.trim().toLowerCase());
  const indexes = {} as Header<Column>['indexes'];
  for (const column of [...required, ...optional]) {
    const index = names.indexOf(column);
    indexes[column] = index < 0 ? undefined : index;
    if (names.lastIndexOf(column) !== index)
      problems.add({ row: 1, column, message: 'there are two of this name' });
  }
  for (const column of required)
    if (indexes[column] === undefined)
      problems.add({
        row: 1,
        message: `there is no column ${column}; the first row is ${quoted(record.join(','))}`,
      });
  return problems.count === before ? { width: record.length, indexes } : undefined;
}

function readCells<Column extends string>(
  { row, record }: { row: number; record: string[] },
  { width, indexes }: Header<Column>,
  problems: RowProblems,
): Row<Column>['cells'] | undefined {
  if (record.every((cell) => cell.trim() === '')) return undefined;
  if (record.length !== width) {
    problems.add({ row, message: `has ${cellCount(record.length)} where the header has ${width}` });
    return undefined;
  }
  const before = problems.count;
  const cells = {} as Row<Column>['cells'];
  for (const column in indexes) {
    cells[column] = readText(record[indexes[column] ?? -1] ?? '');
    if (cells[column].includes('\uFFFD'))
      problems.add({
        row,
        column,
        message: `${quoted(cells[column])} is not valid UTF-8: save the file as UTF-8`,
      });
    else if (cells[column].includes('\0')) problems.add({ row, column, message: 'holds a NUL character' });
  }
  return problems.count === before ? cells : undefined;
}

/**
 * Trims a cell, and removes the apostrophe that the export writes before text that a spreadsheet would run as a
 * formula.
 */
export function readText(cell: string): string {
  return normalForm(cell.trim().replace(escapingApostrophe, ''), 'NFC');
}

const escapingApostrophe = new RegExp(`^'(?='*${FORMULA_START})`);

const cellCount = (count: number): string => (count === 1 ? '1 cell' : `${count} cells`);

function describeCsvError({ code }: CsvError): string {
  switch (String(code)) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return 'is longer than any row should be; is a quote opened and never closed?';
    default:
      return 'a quote stands inside a cell: put the whole cell in quotes and write the quote inside it twice';
  }
}
