import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { LRUCache } from 'lru-cache';
import { readCookie } from './cookies.js';
import { EncodedPage, preferredEncoding } from './encodings.js';
import type { Headers } from './headers.js';
import { HTML, type Page, renderPage, sendHtml, sendPage, wantsPart } from './page.js';

/** A page that differs only in the name of the person who is logged in, and whose fragment looks the same to all. */
export type SharedPage = Page & {
  /** Its one address. The page is made anew for other spellings of it, because pages name their own address. */
  path: string;
  /** The partial that the page includes for htmx. */
  fragment?: string;
  /** Whether it is still to be shown as it was read. */
  isCurrent: () => boolean;
};

/** What is made of one state of a shared page, as soon as somebody wants it. */
interface Forms {
  part?: EncodedPage;
  forVisitors?: EncodedPage;
  /** What is before and after the name. */
  forMembers?: [Buffer, Buffer];
}

/** Pages that are made and compressed once for all who look at them. */
export class PrerenderedPages {
  readonly #headers: string[];
  readonly #forms = new WeakMap<object, Forms>();
  readonly #public = new LRUCache<string, Pick<SharedPage, 'isCurrent'> & { page: EncodedPage }>({
    max: MOST_PUBLIC,
  });

  /** @param headers that every answer has */
  constructor(headers: Headers) {
    this.#headers = headers.flat();
  }

  /**
   * Answers visitors without a session with a page that is ready, before anything finds out who is calling. To find that
   * out takes several times as long, and the many who only look must not slow down those who vote. What is not plain
   * goes on to the page's own route, which answers with the same headers: a cookie that says
   * something, a part for htmx, a conditional request.
   */
  readonly answer: RequestHandler = (req, res, next) => {
    const known = this.#public.get(req.url);
    if (!known || !isPlain(req) || wantsPart(res) || !known.isCurrent()) return next();
    const encoding = preferredEncoding(req, 'br', 'gzip');
    const bytes = known.page.in(encoding);
    // At once and as a list, which Node writes down without keeping or merging it.
    res.writeHead(200, [
      ...this.#headers,
      ...['Cache-Control', 'private, no-cache', 'Vary', 'HX-Request-Type, Accept-Encoding'],
      ...['Content-Type', HTML, 'Content-Length', String(bytes.length), 'ETag', known.page.tag],
      ...(encoding === 'identity' ? [] : ['Content-Encoding', encoding]),
    ]);
    res.end(bytes);
  };

  /**
   * Answers with a shared page.
   * @param shown what its forms are kept with, such as a board, which is replaced when it moves
   */
  send(res: Response, shown: object, shared: SharedPage): void {
    const { path, page, fragment, read, isCurrent } = shared;
    const { user, flash } = res.locals;
    const isPart = fragment !== undefined && wantsPart(res);
    if ((flash && !isPart) || res.req.path !== path || !res.app.enabled('view cache')) {
      sendPage(res, page, read(), fragment);
      return;
    }
    const forms = this.#forms.get(shown) ?? {};
    this.#forms.set(shown, forms);
    if (isPart) {
      forms.part ??= new EncodedPage(renderPage(res, fragment, read()));
      sendEncoded(res, forms.part);
    } else if (user) {
      forms.forMembers ??= splitAtName(renderPage(res, page, { ...read(), user: { username: NAME } }));
      const [before, after] = forms.forMembers;
      const name = Buffer.from(res.app.locals.templates.config.escapeFunction(user.username));
      sendHtml(res, Buffer.concat([before, name, after]));
    } else {
      forms.forVisitors ??= new EncodedPage(renderPage(res, page, read()));
      this.#public.set(path, { page: forms.forVisitors, isCurrent });
      sendEncoded(res, forms.forVisitors);
    }
  }
}

/** All the things whose pages are kept (shared-reads.ts), and some leaderboards. */
const MOST_PUBLIC = 600;

function isPlain(req: Request): boolean {
  const { cookie, 'if-none-match': tag } = req.headers;
  if (tag !== undefined || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
  return cookie === undefined || !(readCookie(req, 'thinga') ?? readCookie(req, 'flash'));
}

function sendEncoded(res: Response, page: EncodedPage): void {
  if (!res.getHeader('ETag')) res.setHeader('ETag', page.tag);
  const encoding = preferredEncoding(res.req, 'br', 'gzip');
  if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
  sendHtml(res, page.in(encoding));
}

// Stands where the name of the person who is logged in goes. Nobody can know it, so no other text has it.
const NAME = randomUUID();

function splitAtName(html: string): [Buffer, Buffer] {
  const [before, after, ...more] = html.split(NAME);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error('a shared page shows the name of the person who is logged in once');
  return [Buffer.from(before), Buffer.from(after)];
}
