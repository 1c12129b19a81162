import { pipeline, type Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { normalForm } from '../normal-form.js';
import { type Problems, quoted } from './row-problems.js';

/** One row of a file: the cells of the columns that are read, trimmed; an absent cell is empty. */
export interface Row<Column extends string> {
  row: number;
  cells: Record<Column, string>;
}

/** The columns that are read from a file; others are passed over. */
export interface Columns<Column extends string> {
  required: readonly Column[];
  optional: readonly Column[];
}

const BATCH = 5_000;

/** The first characters of a cell that a spreadsheet would take for a formula; full-width forms included. */
export const FORMULA = '[=+\\-@\\t\\r\uFF1D\uFF0B\uFF0D\uFF20]';

/**
 * Reads a CSV file (UTF-8, comma, header in the first row) in batches of some thousand rows. Rows in which
 * something is wrong are left out and noted, blank rows are left out.
 * @param onProgress is called with the number of rows read so far
 * @throws Error when the source itself can't be read
 */
export async function* readRows<Column extends string>(
  source: Readable,
  columns: Columns<Column>,
  problems: Problems,
  onProgress: (rows: number) => void,
): AsyncGenerator<Row<Column>[]> {
  const parser = parse({
    bom: true,
    max_record_size: 100_000,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  // Errors of the source come out of the loop below, so there is nothing left to do for this callback.
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
      const cells = readCells(record, header, row, problems);
      if (cells) batch.push({ row, cells });
      if (batch.length < BATCH) continue;
      yield batch;
      onProgress(row - 1);
      batch = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return problems.add({ row: Number(error.records) + 1, what: whatBroke(error) });
  }
  if (!header) return problems.add({ row: 1, what: 'the file is empty' });
  if (batch.length > 0) yield batch;
  onProgress(row - 1);
}

interface Header<Column extends string> {
  width: number;
  places: Record<Column, number | undefined>;
}

function readHeader<Column extends string>(
  record: string[],
  { required, optional }: Columns<Column>,
  problems: Problems,
): Header<Column> | undefined {
  const before = problems.count;
  const names = record.map((cell) => cell.trim().toLowerCase());
  const places = {} as Header<Column>['places'];
  for (const column of [...required, ...optional]) {
    const place = names.indexOf(column);
    places[column] = place < 0 ? undefined : place;
    if (names.lastIndexOf(column) !== place)
      problems.add({ row: 1, column, what: 'there are two of this name' });
  }
  for (const column of required)
    if (places[column] === undefined)
      problems.add({
        row: 1,
        what: `there is no column ${column}; the first row is ${quoted(record.join(','))}`,
      });
  return problems.count === before ? { width: record.length, places } : undefined;
}

function readCells<Column extends string>(
  record: string[],
  { width, places }: Header<Column>,
  row: number,
  problems: Problems,
): Row<Column>['cells'] | undefined {
  if (record.every((cell) => cell.trim() === '')) return undefined;
  if (record.length !== width) {
    problems.add({ row, what: `has ${cellCount(record.length)} where the header has ${width}` });
    return undefined;
  }
  const before = problems.count;
  const cells = {} as Row<Column>['cells'];
  for (const column in places) {
    cells[column] = readText(record[places[column] ?? -1] ?? '');
    if (cells[column].includes('\uFFFD'))
      problems.add({
        row,
        column,
        what: `${quoted(cells[column])} is not valid UTF-8: save the file as UTF-8`,
      });
    else if (cells[column].includes('\0')) problems.add({ row, column, what: 'holds a NUL character' });
  }
  return problems.count === before ? cells : undefined;
}

const neutralised = new RegExp(`^'(?='*${FORMULA})`);

// The export puts an apostrophe before what a spreadsheet would take for a formula; here it comes off again.
function readText(cell: string): string {
  return normalForm(cell.trim().replace(neutralised, ''), 'NFC');
}

const cellCount = (count: number): string => (count === 1 ? '1 cell' : `${count} cells`);

function whatBroke({ code }: CsvError): string {
  switch (String(code)) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quote is opened and never closed';
    case 'CSV_MAX_RECORD_SIZE':
      return 'is longer than any row should be; is a quote opened and never closed?';
    default:
      return 'a quote stands inside a cell: put the whole cell in quotes and write the quote inside it twice';
  }
}
