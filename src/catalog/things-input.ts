import { createHash } from 'node:crypto';
import { CsvError, parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
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

/**
 * Reads things from a text: one name a line, or a table with a header that has a column "name". Cells are separated
 * by commas, semicolons or tabs. Blank lines are left out.
 * @param existing names that the topic has already
 */
export function readThings(text: string, existing: Iterable<string> = []): ThingsInput {
  const source = parseSource(text);
  const names = new Map(
    [...existing].map((name) => [name.toLowerCase(), `“${name}” is in this topic already`]),
  );
  const near = source.records.length <= MAX_COMPARED ? new NearNames(existing) : undefined;
  const rows = source.records.flatMap(({ row, key, cells, problems: broken }): InputRow[] => {
    const tidy = tidyThing(cells);
    if (!broken && Object.values(tidy).every((cell) => cell === '')) return [];
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
    return [{ key, row, cells: tidy, problems, like }];
  });
  const { kind, columns, ignored } = source;
  return { kind, columns, ignored, rows };
}

/** Puts corrections into a text that `readThings` reads, and leaves the rest of it as it is. */
export function correctThings(text: string, corrections: Corrections): string {
  if (corrections.size === 0) return text;
  const { kind, header, delimiter, records } = parseSource(text);
  if (kind === 'lines') {
    const lines = splitLines(text);
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

const splitLines = (text: string): string[] => text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);

function parseSource(text: string): Source {
  const delimiter = delimiterOf(text);
  return delimiter ? parseTable(text, delimiter) : parseLines(text);
}

/** How the cells of a table are separated; undefined when the first line is no header. */
function delimiterOf(text: string): string | undefined {
  const first = splitLines(text.slice(0, 5_000)).find((line) => line.trim() !== '') ?? '';
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

function parseLines(text: string): Source {
  const lines = splitLines(text);
  const filled = lines.filter((line) => line.trim() !== '');
  const isList = filled.length > 1 && filled.every((line) => BULLET.test(line));
  const keyOf = keyMaker();
  const records = lines.map((line, index): SourceRecord => {
    const name = readText(isList ? line.replace(BULLET, '') : line);
    const problems: ThingProblem | undefined = name.includes('\t')
      ? {
          column: 'name',
          message: 'has several cells: begin with a row of names, such as name and description',
        }
      : undefined;
    return { row: index + 1, key: keyOf([line]), raw: [line], cells: { ...NO_CELLS, name }, problems };
  });
  return { kind: 'lines', header: [], delimiter: '', columns: ['name'], ignored: [], records };
}

function parseTable(text: string, delimiter: string): Source {
  const [first = { cells: [], problem: undefined }, ...rest] = readRecords(text, delimiter);
  const header = first.cells;
  const columns = header.map(readColumn);
  const keyOf = keyMaker();
  const records = rest.map(({ cells: raw, problem }, index): SourceRecord => {
    const cells = { ...NO_CELLS };
    for (const [place, column] of columns.entries())
      if (column && columns.indexOf(column) === place) cells[column] = readText(raw[place] ?? '');
    const extra = raw.slice(header.length).some((cell) => cell.trim() !== '');
    const message =
      problem ??
      (extra ? `is followed by ${raw.length} cells where the header has ${header.length}` : undefined);
    const problems: ThingProblem | undefined = message ? { column: 'name', message } : undefined;
    return { row: index + 2, key: keyOf(raw), raw, cells, problems };
  });
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
function readRecords(text: string, delimiter: string): TableRecord[] {
  const options = { bom: true, delimiter, relax_column_count: true, skip_empty_lines: true };
  try {
    return parse(text, options).map((cells: string[]) => ({ cells, problem: undefined }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return splitLines(text)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      try {
        return { cells: parse(line, options)[0] ?? [], problem: undefined };
      } catch (error) {
        if (!(error instanceof CsvError)) throw error;
        const problem = 'has a quote in this row that is not closed, or not alone at both ends of a cell';
        return { cells: line.replaceAll('"', '').split(delimiter), problem };
      }
    });
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
