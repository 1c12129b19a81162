import type { Request } from 'express';
import { Problem } from './problem.js';

/**
 * Reads the fields of a posted form as text. A missing field is empty.
 * @throws Problem 400 when the body is no form, or a field came twice
 */
export function readForm<Field extends string>(req: Request, ...fields: Field[]): Record<Field, string> {
  const body: unknown = req.body;
  if (req.is('application/x-www-form-urlencoded') === false || typeof body !== 'object' || body === null) {
    if (Number(req.get('Content-Length') ?? 0) > 0 || req.get('Transfer-Encoding')) throw unreadable();
    return Object.fromEntries(fields.map((field) => [field, ''])) as Record<Field, string>;
  }
  const entries = fields.map((field) => {
    const value: unknown = (body as Record<string, unknown>)[field] ?? '';
    if (typeof value !== 'string') throw unreadable();
    return [field, value];
  });
  return Object.fromEntries(entries) as Record<Field, string>;
}

function unreadable(): Problem {
  return new Problem(400, 'We couldn’t read that form', 'Please go back and send it again.');
}
