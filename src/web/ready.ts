import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Response } from 'express';
import { renderPage, sendHtml, sendPage, wantsPart } from './page.js';

/** A page that looks the same to everybody who is not logged in, and whose fragment looks the same to all. */
export interface SharedPage {
  /** Its one address. The page is made anew for other spellings of it, because pages name their own address. */
  path: string;
  /** A template under views, and the partial that it includes for htmx. */
  page: string;
  fragment?: string;
  /** Works out what the template shows. */
  read: () => object;
}

/**
 * Answers with a shared page. It is made and compressed once, and kept for as long as what it shows is.
 * @param shown what the page is kept with, such as a board, which is replaced when it moves
 */
export function sendReady(res: Response, shown: object, { path, page, fragment, read }: SharedPage): void {
  const { user, flash } = res.locals;
  const template = fragment !== undefined && wantsPart(res) ? fragment : page;
  const isForAll = template === fragment || (!user && !flash);
  if (!isForAll || res.req.path !== path || !res.app.enabled('view cache')) {
    sendPage(res, page, read(), fragment);
    return;
  }
  const pages = ready.get(shown) ?? new Map<string, Ready>();
  ready.set(shown, pages);
  const known = pages.get(template) ?? makeReady(renderPage(res, template, read()));
  pages.set(template, known);
  if (!res.getHeader('ETag')) res.setHeader('ETag', known.tag);
  const encoding = res.req.acceptsEncodings('br', 'gzip');
  const isCompressed = encoding === 'br' || encoding === 'gzip';
  if (isCompressed) res.setHeader('Content-Encoding', encoding);
  sendHtml(res, isCompressed ? compressed(known, encoding) : known.html);
}

type Encoding = keyof typeof compressors;

/** A page, and its compressed forms that browsers have asked for so far. */
interface Ready {
  tag: string;
  html: Buffer;
  in: Map<Encoding, Buffer>;
}

const ready = new WeakMap<object, Map<string, Ready>>();

function makeReady(page: string): Ready {
  const html = Buffer.from(page);
  const tag = `W/"${createHash('sha256').update(html).digest('base64url').slice(0, 27)}"`;
  return { tag, html, in: new Map() };
}

function compressed(known: Ready, encoding: Encoding): Buffer {
  // Copied: zlib answers with a view of a buffer of 16 kB, which would be kept whole.
  const bytes = known.in.get(encoding) ?? Buffer.from(compressors[encoding](known.html));
  known.in.set(encoding, bytes);
  return bytes;
}

const compressors = {
  br: (html: Buffer): Buffer => brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (html: Buffer): Buffer => gzipSync(html),
};
