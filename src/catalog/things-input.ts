import { createHash } from 'node:crypto';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse as parseStream } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { Problem } from '../http/problem.js';
import { takeTurns } from '../take-turns.js';
import { readText } from './csv.js';
import { NearNames } from './near-names.js';
import {
  checkThing,
  NO_CELLS,
  THING_COLUMNS,
  type ThingCells,
  type ThingColumn,
  type ThingProblem,
  tidyThing,
} from './thing-fields.js';

/** One thing that somebody typed or pasted, with what is wrong with it. */
export interface InputRow {
  /** Names the row as it was typed, so that a correction finds it again when rows above it changed. */
  key: string;
  /** From 1: a line of the text, or a row of the table with the header as row 1. */
  row: number;
  cells: ThingCells;
  /** Empty for a thing that can be added. */
  problems: ThingProblem[];
  /** A name that is almost the same, of a row above or of a thing that is there; empty when there is none. */
  like: string;
}

/** Things that somebody typed or pasted, as lines or as a table. */
export interface ThingsInput {
  kind: 'lines' | 'table';
  /** The columns of the table that are read, and the names of those that are not. */
  columns: ThingColumn[];
  ignored: string[];
  rows: InputRow[];
}

/** The field of a row, and what to put there. */
export type Corrections = ReadonlyMap<string, Partial<Record<ThingColumn, string>>>;

/** How many rows are compared with each other to find names that are almost the same. */
const MAX_COMPARED = 2_000;

/** The most rows of a text, blank ones aside: as many as the things that a topic can have with any setting. */
const MAX_ROWS = 100_000;

/** The most cells of a header. */
const MAX_COLUMNS = 1_000;

/** The most characters of a row. Longer ones are wrong: no field may hold so much. */
const MAX_ROW_LENGTH = 100_000;

/**
 * Reads things from a text: one name a line, or a table with a header that has a column "name". Cells are separated
 * by commas, semicolons or tabs. Blank lines are left out. Other requests are answered in the meantime.
 * @param existing names that the topic has already
 * @throws Problem 413 for more than 100,000 rows
 */
export async function readThings(text: string, existing: Iterable<string> = []): Promise<ThingsInput> {
  const source = await parseSource(text);
  const names = new Map(
    [...existing].map((name) => [name.toLowerCase(), `“${name}” is in this topic already`]),
  );
  const near = source.records.length <= MAX_COMPARED ? new NearNames(existing) : undefined;
  const rows: InputRow[] = [];
  const turn = takeTurns();
  for (const { row, key, cells, problems: broken } of source.records) {
    await turn();
    const tidy = tidyThing(cells);
    if (!broken && Object.values(tidy).every((cell) => cell === '')) continue;
    const problems = broken ? [broken] : checkThing(tidy);
    const lower = tidy.name.toLowerCase();
    const before = names.get(lower);
    if (problems.length === 0 && before) problems.push({ column: 'name', message: before });
    const isOk = problems.length === 0;
    const like = (isOk && near?.mostLike(tidy.name)) || '';
    if (isOk) {
      names.set(lower, `“${tidy.name}” is in ${source.kind === 'table' ? 'row' : 'line'} ${row} already`);
      near?.add(tidy.name);
    }
    rows.push({ key, row, cells: tidy, problems, like });
  }
  const { kind, columns, ignored } = source;
  return { kind, columns, ignored, rows };
}

/**
 * Puts corrections into a text that `readThings` reads, and leaves the rest of it as it is.
 * @throws Problem 413 for more than 100,000 rows
 */
export async function correctThings(text: string, corrections: Corrections): Promise<string> {
  if (corrections.size === 0) return text;
  const { kind, header, delimiter, records } = await parseSource(text);
  if (kind === 'lines') {
    const lines = [...linesOf(text)];
    for (const { row, key } of records) lines[row - 1] = corrections.get(key)?.name ?? lines[row - 1] ?? '';
    return lines.join('\n');
  }
  const rows = records.map(({ key, raw }) => {
    const cells = corrections.get(key);
    if (!cells) return raw;
    const width = Math.max(raw.length, header.length);
    return Array.from({ length: width }, (_, index) => {
      const column = readColumn(header[index] ?? '');
      return (column && cells[column]) ?? raw[index] ?? '';
    });
  });
  return stringify([header, ...rows], { delimiter });
}

interface Source {
  kind: 'lines' | 'table';
  header: string[];
  delimiter: string;
  columns: ThingColumn[];
  ignored: string[];
  records: SourceRecord[];
}

interface SourceRecord {
  row: number;
  key: string;
  raw: string[];
  cells: ThingCells;
  /** Why the row can't be read; undefined when it can. */
  problems: ThingProblem | undefined;
}

/** The lines of a text, one after the other, so that millions of them are not made at once. */
function* linesOf(text: string): Generator<string> {
  let start = text.startsWith('\uFEFF') ? 1 : 0;
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) {
    yield text.slice(start, index);
    start = index + end.length;
  }
  yield text.slice(start);
}

/** Returns the lines that are not blank, and their numbers from 1. @throws Problem 413 */
async function filledLinesOf(text: string): Promise<{ line: string; row: number }[]> {
  const filled: { line: string; row: number }[] = [];
  const turn = takeTurns();
  let row = 0;
  for (const line of linesOf(text)) {
    if (++row % 1_000 === 0) await turn();
    if (line.trim() !== '') filled.push({ line, row });
    if (filled.length > MAX_ROWS) throw tooMuch();
  }
  return filled;
}

const tooMuch = (): Problem =>
  new Problem(
    413,
    'That was too much at once',
    'A text can have 100,000 rows of 1,000 cells at most. Go back, and send a part of it.',
  );

async function parseSource(text: string): Promise<Source> {
  const delimiter = delimiterOf(text);
  return delimiter ? parseTable(text, delimiter) : parseLines(text);
}

/** How the cells of a table are separated; undefined when the first line is no header. */
function delimiterOf(text: string): string | undefined {
  const first = [...linesOf(text.slice(0, 5_000))].find((line) => line.trim() !== '') ?? '';
  return ['\t', ',', ';'].find((delimiter) =>
    first.split(delimiter).some((cell) => readColumn(cell.replaceAll('"', '')) === 'name'),
  );
}

function readColumn(cell: string): ThingColumn | undefined {
  const name = cell.trim().toLowerCase();
  return THING_COLUMNS.find((column) => column === name);
}

// Pasted lists often have bullets or numbers, which are no part of the names.
const BULLET = /^\s*(?:[-*•–]|\d{1,5}[.)])\s+/;

async function parseLines(text: string): Promise<Source> {
  const filled = await filledLinesOf(text);
  const isList = filled.length > 1 && filled.every(({ line }) => BULLET.test(line));
  const keyOf = keyMaker();
  const records: SourceRecord[] = [];
  const turn = takeTurns();
  for (const { line, row } of filled) {
    await turn();
    const typed = line.slice(0, MAX_ROW_LENGTH);
    const name = readText(isList ? typed.replace(BULLET, '') : typed);
    const problems: ThingProblem | undefined = name.includes('\t')
      ? {
          column: 'name',
          message: 'has several cells: begin with a row of names, such as name and description',
        }
      : undefined;
    records.push({ row, key: keyOf([line]), raw: [line], cells: { ...NO_CELLS, name }, problems });
  }
  return { kind: 'lines', header: [], delimiter: '', columns: ['name'], ignored: [], records };
}

async function parseTable(text: string, delimiter: string): Promise<Source> {
  const [first = { cells: [], problem: undefined }, ...rest] = await readRecords(text, delimiter);
  const header = first.cells;
  if (header.length > MAX_COLUMNS) throw tooMuch();
  const columns = header.map(readColumn);
  const keyOf = keyMaker();
  const records: SourceRecord[] = [];
  const turn = takeTurns();
  for (const [index, { cells: raw, problem }] of rest.entries()) {
    await turn();
    const cells = { ...NO_CELLS };
    for (const [place, column] of columns.entries())
      if (column && columns.indexOf(column) === place) cells[column] = readText(raw[place] ?? '');
    const extra = raw.slice(header.length).some((cell) => cell.trim() !== '');
    const message =
      problem ??
      (extra ? `is followed by ${raw.length} cells where the header has ${header.length}` : undefined);
    const problems: ThingProblem | undefined = message ? { column: 'name', message } : undefined;
    records.push({ row: index + 2, key: keyOf(raw), raw, cells, problems });
  }
  return {
    ...{ kind: 'table', header, delimiter, records },
    columns: columns.filter((column) => column !== undefined),
    ignored: header.filter((cell) => cell.trim() !== '' && !readColumn(cell)),
  };
}

interface TableRecord {
  cells: string[];
  problem: string | undefined;
}

/** Reads the records of a table. When a quote breaks it, each line is read by itself, so that only some rows are wrong. */
async function readRecords(text: string, delimiter: string): Promise<TableRecord[]> {
  const filled = await filledLinesOf(text);
  if (filled.some(({ line }) => line.length > MAX_ROW_LENGTH)) throw tooMuch();
  const turn = takeTurns();
  const records: TableRecord[] = [];
  try {
    const parser = parseStream(optionsFor(delimiter));
    pipeline(Readable.from(piecesOf(text)), parser, () => undefined);
    for await (const cells of parser as AsyncIterable<string[]>) {
      await turn();
      records.push({ cells, problem: undefined });
    }
    return records;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  const lines: TableRecord[] = [];
  for (const { line } of filled) {
    await turn();
    lines.push(readLine(line, delimiter));
  }
  return lines;
}

async function* piecesOf(text: string): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  const turn = takeTurns();
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    await turn();
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}

const PIECE_BYTES = 4_096;

const optionsFor = (delimiter: string) => ({
  ...{ bom: true, delimiter, relax_column_count: true, skip_empty_lines: true },
  max_record_size: MAX_ROW_LENGTH,
});

function readLine(line: string, delimiter: string): TableRecord {
  try {
    return { cells: parse(line, optionsFor(delimiter))[0] ?? [], problem: undefined };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const problem = 'has a quote in this row that is not closed, or not alone at both ends of a cell';
    return { cells: line.slice(0, MAX_ROW_LENGTH).replaceAll('"', '').split(delimiter), problem };
  }
}

/** Makes keys of rows. The second row with the same cells gets another key than the first one. */
function keyMaker(): (cells: string[]) => string {
  const seen = new Map<string, number>();
  return (cells) => {
    const hash = createHash('sha256').update(JSON.stringify(cells)).digest('hex').slice(0, 12);
    const count = (seen.get(hash) ?? 0) + 1;
    seen.set(hash, count);
    return `${hash}-${count}`;
  };
}
