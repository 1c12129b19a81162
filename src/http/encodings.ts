import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';

/** How a page can be sent. */
export type Encoding = 'br' | 'gzip' | 'identity';

/** A page whose bytes are kept in each encoding that somebody has asked for so far. */
export class EncodedPage {
  readonly #bytes = new Map<Encoding, Buffer>();
  /** Names its state for conditional requests; weak, as it names what is shown and not its bytes. */
  readonly tag: string;

  constructor(html: string) {
    const bytes = Buffer.from(html);
    this.#bytes.set('identity', bytes);
    this.tag = `W/"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
  }

  /** The page in an encoding. */
  in(encoding: Encoding): Buffer {
    // Copied: zlib answers with a view of a buffer of 16 kB, which would be kept whole.
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

/** Compresses a page that only one visitor gets: half as long as the usual level takes, for a twentieth more bytes. */
export const gzipOnce = (html: Buffer): Buffer => gzipSync(html, { level: 3 });

/** Which of the encodings offered a browser likes best; of those it likes alike, the first. */
export function preferredEncoding(req: Request, ...offered: Exclude<Encoding, 'identity'>[]): Encoding {
  const header = req.headers['accept-encoding'];
  if (header === undefined) return 'identity';
  const question = `${offered.join()} ${header}`;
  const encoding = known.get(question) ?? negotiate(req, offered);
  known.set(question, encoding);
  return encoding;
}

// Browsers send one of a few headers, and to read one takes as long as to send a page that is ready.
const known = new LRUCache<string, Encoding>({ max: 100 });

function negotiate(req: Request, offered: Encoding[]): Encoding {
  const accepted = req.acceptsEncodings(offered);
  return offered.find((encoding) => encoding === accepted) ?? 'identity';
}
