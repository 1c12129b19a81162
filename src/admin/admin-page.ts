import type { Request, Response } from 'express';
import { type Flash, flash } from '../http/flash.js';
import { seeOther } from '../http/page.js';
import { notFound } from '../http/problem.js';
import { normalForm } from '../normal-form.js';

/** Answers an accepted form with a message, on another page for admins. */
export async function backTo(res: Response, page: string, message: Flash): Promise<void> {
  flash(res, message);
  await seeOther(res, `/admin${page}`);
}

/** Reads the id in an address. @throws Problem 404 when there is none */
export function idOf({ params }: Request): number {
  if (!/^[1-9]\d{0,14}$/.test(String(params.id))) throw notFound();
  return Number(params.id);
}

/** Reads the number of a page, from 1. */
export const readPage = (parameter: unknown): number =>
  typeof parameter === 'string' && /^[1-9]\d{0,5}$/.test(parameter) ? Number(parameter) : 1;

/** Reads what somebody searches for: one line of 80 characters at most. */
export const readQuery = (parameter: unknown): string =>
  typeof parameter === 'string'
    ? parameter
        .normalize('NFC')
        .replace(/\p{Cc}/gu, ' ')
        .trim()
        .slice(0, 80)
    : '';

/** A page of a list, and how many pages there are. */
export interface Paged {
  query: string;
  page: number;
  pages: number;
  /** Number of rows on all pages. */
  found: number;
}

/** Reads one line of a form. @returns undefined when it is empty, too long, or has characters that can't be shown */
export function readLine(text: string, most: number): string | undefined {
  const line = normalForm(text.trim(), 'NFC');
  const length = [...line].length;
  return length > 0 && length <= most && !/\p{Cc}/u.test(line) ? line : undefined;
}
