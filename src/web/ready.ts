import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Response } from 'express';
import { renderPage, sendHtml, sendPage, wantsPart } from './page.js';

/**
 * Answers with a page that is the same for everybody who is not logged in, and whose fragment is the same for all:
 * it is made and compressed once, and kept ready for as long as what it shows is. For pages of one address.
 * @param shown what it is kept with, such as a board, which is replaced when it moves
 * @param read works out the page's data
 */
export function sendReady(
  res: Response,
  shown: object,
  page: string,
  read: () => object,
  fragment: string,
): void {
  const { user, flash } = res.locals;
  const isForAll = wantsPart(res) || (!user && !flash);
  if (!isForAll || !res.app.enabled('view cache')) {
    sendPage(res, page, read(), fragment);
    return;
  }
  const template = wantsPart(res) ? fragment : page;
  const pages = ready.get(shown) ?? new Map<string, Ready>();
  ready.set(shown, pages);
  const known = pages.get(template) ?? makeReady(renderPage(res, template, read()));
  pages.set(template, known);
  const encoding = res.req.acceptsEncodings('br', 'gzip') || 'identity';
  if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
  if (!res.getHeader('ETag')) res.setHeader('ETag', known.tag);
  sendHtml(res, known.in[encoding as keyof Ready['in']]);
}

/** A page in every form that browsers take. */
interface Ready {
  tag: string;
  in: Record<'br' | 'gzip' | 'identity', Buffer>;
}

const ready = new WeakMap<object, Map<string, Ready>>();

function makeReady(html: string): Ready {
  const identity = Buffer.from(html);
  const tag = `W/"${createHash('sha256').update(identity).digest('base64url').slice(0, 27)}"`;
  const br = brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  return { tag, in: { br, gzip: gzipSync(identity), identity } };
}
