import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';

/** How a page is compressed; `identity` means not at all. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** A page that compresses itself once for each encoding, at the first request for it, and keeps the bytes. */
export class EncodedPage {
  readonly #bytes = new Map<Encoding, Buffer>();
  /** A weak ETag for conditional requests: it identifies the page, not the bytes. */
  readonly tag: string;

  constructor(html: string) {
    const bytes = Buffer.from(html);
    this.#bytes.set('identity', bytes);
    this.tag = `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
  }

  /** Returns the page's bytes in an encoding. */
  in(encoding: Encoding): Buffer {
    // Copied: zlib returns a view of a 16 kB buffer, and keeping the view would keep the whole buffer.
    const bytes = this.#bytes.get(encoding) ?? Buffer.from(encode[encoding](this.in('identity')));
    this.#bytes.set(encoding, bytes);
    return bytes;
  }
}

const encode: Record<Encoding, (html: Buffer) => Buffer> = {
  br: (html) => brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (html) => gzipSync(html),
  identity: (html) => html,
};

/** Compresses a page for one visitor: in half the time of the usual level, with a twentieth more bytes. */
export function compressFast(html: string | Buffer, encoding: Exclude<Encoding, 'identity'>): Buffer {
  if (encoding === 'gzip') return gzipSync(html, { level: 3 });
  return brotliCompressSync(html, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}

/** Returns the first of the offered encodings that the browser accepts. */
export function preferredEncoding(req: Request, ...offered: Exclude<Encoding, 'identity'>[]): Encoding {
  const header = req.headers['accept-encoding'];
  if (header === undefined) return 'identity';
  const key = `${offered.join()} ${header}`;
  const encoding = cache.get(key) ?? negotiate(req, offered);
  cache.set(key, encoding);
  return encoding;
}

// Browsers send one of a few headers. Parsing one takes as long as sending a prerendered page.
const cache = new LRUCache<string, Encoding>({ max: 100 });

// Asked one by one, because between two that a browser likes equally, "accepts" takes the one that it names first.
function negotiate(req: Request, offered: Encoding[]): Encoding {
  return offered.find((encoding) => req.acceptsEncodings(encoding)) ?? 'identity';
}
