import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { LRUCache } from 'lru-cache';
import { readCookie } from './cookies.js';
import { EncodedPage, preferredEncoding } from './encodings.js';
import type { Headers } from './headers.js';
import {
  HTML,
  type Page,
  renderPage,
  sendHtml,
  sendPage,
  sendPageOrFragment,
  wantsFragment,
} from './page.js';

declare global {
  namespace Express {
    interface Locals {
      /** Whether a page that was ready has answered the request, before any route. */
      isPrerendered?: boolean;
    }
  }
}

/**
 * A page that differs only in the name of the user who is logged in. Its fragment is the same for everyone.
 */
export type SharedPage = Page & {
  /**
   * Its canonical path. Pages contain their own path, so a request with another spelling gets a fresh
   * rendering.
   */
  path: string;
  /** The partial that the page includes and that htmx asks for. */
  fragment?: string;
  /** Whether all visitors may see it. A page that is not for all is made anew for each of them. */
  isForEveryone: boolean;
  /** Tells whether the data is still current. */
  isCurrent: () => boolean;
};

/** The renderings of one state of a shared page. Each is made at the first request for it. */
interface Renderings {
  fragment?: EncodedPage;
  forVisitors?: EncodedPage;
  /** The bytes before and after the user's name. */
  forMembers?: [Buffer, Buffer];
}

/** Renders and compresses shared pages once, for all visitors. */
export class PrerenderedPages {
  readonly #headers: string[];
  #renderings = new WeakMap<object, Renderings>();
  readonly #publicPages = new LRUCache<string, Pick<SharedPage, 'isCurrent'> & { page: EncodedPage }>({
    max: MAX_PUBLIC_PAGES,
  });

  /** @param headers that every answer has */
  constructor(headers: Headers) {
    this.#headers = headers.flat();
  }

  /**
   * Answers visitors without a session from the rendered pages, before any session is looked up. A lookup
   * takes several times as long, and many readers must not slow down the voters. Other requests go on to the
   * page's own route, which sends the same headers: a request with a session or flash cookie, for a fragment, or
   * with a condition.
   */
  readonly answer: RequestHandler = (req, res, next) => {
    const cached = this.#publicPages.get(req.url);
    if (!cached || !isPlain(req) || wantsFragment(res) || !cached.isCurrent()) return next();
    res.locals.isPrerendered = true;
    const encoding = preferredEncoding(req, 'br', 'gzip');
    const bytes = cached.page.in(encoding);
    // Node writes a list of headers as it is, without storing and merging them.
    res.writeHead(200, [
      ...this.#headers,
      ...['Cache-Control', 'private, no-cache', 'Vary', 'HX-Request-Type, Accept-Encoding'],
      ...['Content-Type', HTML, 'Content-Length', String(bytes.length), 'ETag', cached.page.tag],
      ...(encoding === 'identity' ? [] : ['Content-Encoding', encoding]),
    ]);
    res.end(bytes);
  };

  /** Drops all pages, because something that every page shows has changed. */
  clear(): void {
    this.#renderings = new WeakMap();
    this.#publicPages.clear();
  }

  /**
   * Answers with a shared page.
   * @param state the object that the page shows, such as a board. A new state is a new object, and the
   * renderings of the old one are dropped with it.
   */
  send(res: Response, state: object, shared: SharedPage): void {
    const { path, page, fragment, read, isCurrent, isForEveryone } = shared;
    const { user, flash } = res.locals;
    const isFragment = fragment !== undefined && wantsFragment(res);
    const isUsual = isForEveryone && res.req.path === path && res.app.enabled('view cache');
    if ((flash && !isFragment) || !isUsual) {
      sendFresh(res, shared);
      return;
    }
    const renderings = this.#renderings.get(state) ?? {};
    this.#renderings.set(state, renderings);
    if (isFragment) {
      renderings.fragment ??= new EncodedPage(renderPage(res, fragment, read()));
      sendEncoded(res, renderings.fragment);
    } else if (user) {
      renderings.forMembers ??= splitAtName(
        // These pages are for reading, so the end of a session interrupts nothing on them.
        renderPage(res, page, {
          ...read(),
          user: { username: NAME_PLACEHOLDER },
          sessionSeconds: undefined,
        }),
      );
      const [before, after] = renderings.forMembers;
      const name = Buffer.from(res.app.locals.templates.config.escapeFunction(user.username));
      sendHtml(res, Buffer.concat([before, name, after]));
    } else {
      renderings.forVisitors ??= new EncodedPage(renderPage(res, page, read()));
      this.#publicPages.set(path, { page: renderings.forVisitors, isCurrent });
      sendEncoded(res, renderings.forVisitors);
    }
  }
}

/** Enough for the pages of all things that shared-reads.ts keeps, and for some leaderboards. */
const MAX_PUBLIC_PAGES = 600;

function isPlain(req: Request): boolean {
  const { cookie, 'if-none-match': tag } = req.headers;
  if (tag !== undefined || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
  return cookie === undefined || !(readCookie(req, 'thinga') ?? readCookie(req, 'flash'));
}

function sendFresh(res: Response, { page, fragment, read }: SharedPage): void {
  if (fragment === undefined) sendPage(res, page, read());
  else sendPageOrFragment(res, { page, fragment, data: read() });
}

function sendEncoded(res: Response, page: EncodedPage): void {
  if (!res.getHeader('ETag')) res.setHeader('ETag', page.tag);
  const encoding = preferredEncoding(res.req, 'br', 'gzip');
  if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
  sendHtml(res, page.in(encoding));
}

// Random, so no text of a user can contain it.
const NAME_PLACEHOLDER = randomUUID();

function splitAtName(html: string): [Buffer, Buffer] {
  const [before, after, ...more] = html.split(NAME_PLACEHOLDER);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error('a shared page must show the name of the logged-in user exactly once');
  return [Buffer.from(before), Buffer.from(after)];
}
