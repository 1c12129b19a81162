import type { WireRequest } from './exchange.js';

/** A request by somebody, before it is written. Mutations change it. */
export interface Draft {
  method: string;
  path: string;
  headers: [string, string][];
  fields: [string, string][];
  files: { field: string; filename: string; content: Buffer }[];
  isMultipart: boolean;
  /** Replaces the body that the fields would make. */
  body?: Buffer;
}

/** A change of a draft. */
export type Mutation = (draft: Draft) => void;

/** Escapes a text for an address. A lone surrogate becomes the sign for what can't be read. */
export const escaped = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

const BOUNDARY = 'fuzz-boundary';

/** Writes a draft, with the body that its fields and files make. */
export function write(draft: Draft): WireRequest {
  const { method, path } = draft;
  const headers = [...draft.headers];
  const hasBody = draft.body || draft.fields.length > 0 || draft.files.length > 0 || method === 'POST';
  if (!hasBody || method === 'TRACE') return { method, path, headers, body: undefined };
  const has = (name: string) => headers.some(([known]) => known === name);
  const type = draft.isMultipart
    ? `multipart/form-data; boundary=${BOUNDARY}`
    : 'application/x-www-form-urlencoded';
  if (!has('Content-Type')) headers.push(['Content-Type', type]);
  const body = draft.body ?? (draft.isMultipart ? multipart(draft) : urlencoded(draft));
  if (!has('Content-Length') && !has('Transfer-Encoding'))
    headers.push(['Content-Length', String(body.length)]);
  return { method, path, headers, body };
}

function urlencoded({ fields }: Draft): Buffer {
  // A broken escape stays what it is.
  const write = (text: string): string =>
    !/%(zz|c3|ed|00)/.test(text) ? escaped(text) : text.replace(/[&=+ ]/g, '');
  return Buffer.from(
    fields
      .map(([name, value]) => `${write(name)}=${write(value)}`)
      .join('&')
      .slice(0, 3_900_000),
  );
}

function multipart({ fields, files }: Draft): Buffer {
  const part = (disposition: string, content: Buffer): Buffer[] => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ];
  const quoted = (text: string): string => `"${text.slice(0, 300)}"`;
  return Buffer.concat([
    ...fields.flatMap(([name, value]) => part(`name=${quoted(name)}`, Buffer.from(value))),
    ...files.flatMap(({ field, filename, content }) =>
      part(`name=${quoted(field)}; filename=${quoted(filename)}\r\nContent-Type: text/csv`, content),
    ),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}
