import type { Request, Response } from 'express';
import { THING_COLUMNS, type ThingCells, type ThingColumn } from '../catalog/thing-fields.js';
import { type Corrections, type InputRow, readThings, type ThingsInput } from '../catalog/things-input.js';
import { readFieldsWith, readForm } from '../http/form.js';
import { count, number } from '../http/format.js';
import { renderPage, sendHtml } from '../http/page.js';
import type { PreviewRow, ThingsPreview } from './pages.js';

/**
 * Takes the things that can be added.
 * @param leavesOut whether rows that are wrong are left out; otherwise they are an error
 */
export function readyThings(
  { rows }: ThingsInput,
  { most, leavesOut }: { most: number; leavesOut: boolean },
): { things: ThingCells[]; error: string | undefined } {
  const ready = rows.filter(({ problems }) => problems.length === 0);
  const wrong = rows.length - ready.length;
  const error =
    ready.length > most
      ? `A topic can have ${number(most)} things at most.`
      : wrong > 0 && !leavesOut
        ? `${count(wrong, 'row needs', 'rows need')} a look below. Mend ${wrong === 1 ? 'it or leave it' : 'them or leave them'} out.`
        : undefined;
  return { things: ready.map(({ cells }) => cells), error };
}

/**
 * Answers htmx with the preview of what is typed. Corrections stay in their fields, because the page keeps the text as
 * it is.
 */
export async function sendPreview(
  req: Request,
  res: Response,
  { most, existing }: { most: number; existing?: string[] },
): Promise<void> {
  const { things } = readForm(req, 'things');
  const preview = previewOf(await readThings(things, existing), { most, corrections: readCorrections(req) });
  sendHtml(res, renderPage(res, 'organize/_preview', { preview }));
}

/** How many rows a preview shows. It shows rows that are wrong first. */
const MAX_SHOWN = 100;

/** Begins the name of a field that corrects a row: `fix-KEY:COLUMN`. */
export const FIX = 'fix-';

/** Reads the corrections that somebody typed beside the rows of a preview. */
export function readCorrections(req: Request): Corrections {
  const corrections = new Map<string, Partial<Record<ThingColumn, string>>>();
  for (const [name, value] of readFieldsWith(req, FIX)) {
    const [key = '', column] = name.split(':');
    const known = THING_COLUMNS.find((other) => other === column);
    if (known) corrections.set(key, { ...corrections.get(key), [known]: value });
  }
  return corrections;
}

/**
 * Describes row by row what becomes of things that somebody typed.
 * @param corrections what is typed beside the rows and not part of them yet
 */
export function previewOf(
  { kind, ignored, rows }: ThingsInput,
  { most, corrections = new Map() }: { most: number; corrections?: Corrections },
): ThingsPreview {
  const wrong = rows.filter(({ problems }) => problems.length > 0);
  const isShown = new Set([...wrong.slice(0, MAX_SHOWN), ...rows.slice(0, MAX_SHOWN)]);
  const shown = rows.filter((row) => isShown.has(row));
  const ready = rows.length - wrong.length;
  return {
    ...{ kind, ignored, ready, wrong: wrong.length, total: rows.length, hidden: rows.length - shown.length },
    tooMany: Math.max(ready - most, 0),
    rows: shown.map((row) => previewRow(row, corrections)),
  };
}

function previewRow({ key, row, cells, problems, like }: InputRow, corrections: Corrections): PreviewRow {
  const { name, description, text, tags, location, team, link } = cells;
  const about = [
    description,
    text && `text of ${count(text.length, 'character')}`,
    tags,
    location,
    team,
    link,
  ];
  return {
    ...{ row, name, like },
    about: about.filter((part) => part !== '').join(' · '),
    problems: problems.map(({ column, message }) => ({
      text: problemText(column, message),
      label: `${column} in row ${row}`,
      field: `${FIX}${key}:${column}`,
      value: corrections.get(key)?.[column] ?? cells[column].slice(0, MAX_VALUE),
      isLong: column === 'text',
    })),
  };
}

/** Says what is wrong with a field of a thing: "Name is empty." */
export const problemText = (column: ThingColumn, message: string): string =>
  `${column.charAt(0).toUpperCase()}${column.slice(1)} ${message}.`;

/** No field that is corrected beside its row is longer. */
const MAX_VALUE = 1_000;
