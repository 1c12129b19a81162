import type { Request } from 'express';
import { Problem } from './problem.js';

/**
 * Reads the fields of a posted form as text. A missing field is empty.
 * @throws Problem 400 when the body is no form, or a field came twice
 */
export function readForm<Field extends string>(req: Request, ...fields: Field[]): Record<Field, string> {
  const body: unknown = req.body;
  const isForm = req.is(['application/x-www-form-urlencoded', 'multipart/form-data']) !== false;
  if (!isForm || typeof body !== 'object' || body === null) {
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

/**
 * Reads the fields of a posted form whose names begin with a prefix, without that prefix. `readForm` checks the form
 * first.
 * @throws Problem 400 when such a field came twice
 */
export function readFieldsWith(req: Request, prefix: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries((req.body ?? {}) as Record<string, unknown>)) {
    if (!name.startsWith(prefix)) continue;
    if (typeof value !== 'string') throw unreadable();
    fields.set(name.slice(prefix.length), value);
  }
  return fields;
}

function unreadable(): Problem {
  return new Problem(400, 'We couldn’t read that form', 'Please go back and send it again.');
}
