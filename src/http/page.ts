import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import type { Response } from 'express';
import { LRUCache } from 'lru-cache';
import { root } from '../config.js';
import { compressFast, preferredEncoding } from './encodings.js';
import * as format from './format.js';
import * as navigation from './navigation.js';
import { pictureSources } from './picture-sources.js';
import type { Problem } from './problem.js';

const views = join(root, 'views');
const MAX_CACHED = 1_000;

/**
 * Eta with three names that every template can use. `partial(name, data)` renders another template with only
 * that data. `cached(name, data)` does the same for a part that few values decide, and keeps its text. `w` holds
 * the functions of format.ts and navigation.ts, and `pictureSources`. Eta's own `include` also merges in all data of the
 * caller, which takes longer than rendering.
 */
class Templates extends Eta {
  readonly #texts = new LRUCache<string, string>({ max: MAX_CACHED });
  readonly helpers = { ...format, ...navigation, pictureSources };

  constructor() {
    const functionHeader =
      'const w = this.helpers; const partial = (name, data) => this.render(name, data, options);' +
      'const cached = (name, data) => this.cached(name, data);';
    super({ views, cache: true, functionHeader });
    // Pages name their partials from the top of the folder, so each name has one path. Eta would take longer to work
    // it out anew than to render the partial.
    const { resolvePath } = this;
    const paths = new Map<string, string>();
    this.resolvePath = (name, options) => {
      const path = paths.get(name) ?? resolvePath.call(this, name, options);
      paths.set(name, path);
      return path;
    };
  }

  /** Renders a template, or returns its text from before. @param data everything that decides the text */
  cached(name: string, data: object): string {
    const key = `${name} ${JSON.stringify(data)}`;
    const text = this.#texts.get(key) ?? this.render(name, data);
    this.#texts.set(key, text);
    return text;
  }

  /** Forgets all templates, so that changes to them show. */
  reset(): void {
    this.templatesSync.reset();
    this.#texts.clear();
  }
}

/**
 * Loads the templates of the site's pages. In production all are read at the start, so pages stay the same
 * while an upgrade replaces the files under the running site. Otherwise a change to a template shows at once.
 * @throws Error for a template that can't be read or compiled, in production
 */
export function loadTemplates(production: boolean): Templates {
  const eta = new Templates();
  if (production)
    for (const file of readdirSync(views, { recursive: true, encoding: 'utf8' })) {
      // Eta looks up a template by its full path.
      const path = join(views, file);
      if (file.endsWith('.eta')) eta.loadTemplate(path, readFileSync(path, 'utf8'));
    }
  return eta;
}

/**
 * The pages under views, each with the data that it shows. A folder declares its own pages, and then a missing
 * or misnamed field does not compile: `declare module '../http/page.js' { interface Pages { 'voting/vote':
 * VotePage } }`.
 */
export interface Pages {
  /** The id is there when the log tells more of the problem. */
  'errors/problem': { problem: Problem; requestId: string | undefined };
}

/** A page with the function that reads its data. The name of the page decides the type of the data. */
export type Page = { [Name in keyof Pages]: { page: Name; read: () => Pages[Name] } }[keyof Pages];

/**
 * Answers with a page.
 * @param page a template under views, such as `voting/vote`
 * @param data what the page shows; never a request's query or body
 */
export function sendPage<Name extends keyof Pages>(res: Response, page: Name, data: Pages[Name]): void {
  sendHtml(res, renderPage(res, page, data));
}

/**
 * Answers with a page, or with one fragment of it when htmx asks for a part (`HX-Request-Type: partial`).
 * @param options `fragment` names the partial that the page includes
 */
export function sendPageOrFragment<Name extends keyof Pages>(
  res: Response,
  { page, fragment, data }: { page: Name; fragment: string; data: Pages[Name] },
): void {
  sendHtml(res, renderPage(res, wantsFragment(res) ? fragment : page, data));
}

/** Renders a page or a fragment for the visitor of this request. @param template a template under views */
export function renderPage(res: Response, template: string, data: object): string {
  const { assets, templates, site } = res.app.locals;
  if (!res.app.enabled('view cache')) templates.reset();
  const { user, flash, sessionSeconds, isSecret } = res.locals;
  // The form comes back with what is wrong.
  const isRefused = template !== 'errors/problem' && (res.statusCode === 422 || res.statusCode === 429);
  const surroundings = { assets, site, user, flash, sessionSeconds, isSecret, here: res.req.path, isRefused };
  // V8 takes a hundred times as long for an object of two spreads.
  return templates.render(`/${template}`, Object.assign(surroundings, data));
}

/** The content type of a page. */
export const HTML = 'text/html; charset=utf-8';

const VARY = 'HX-Request-Type, Accept-Encoding';

// A page that fits into one packet arrives no sooner when it is compressed.
const MIN_COMPRESSED_BYTES = 1024;

/** Sends a rendered page. Browsers ask for it again each time. */
export function sendHtml(res: Response, html: string | Buffer): void {
  const size = Buffer.byteLength(html);
  if (res.hasHeader('Vary')) res.vary(VARY);
  else res.setHeader('Vary', VARY);
  res.setHeader('Content-Type', HTML);
  // Compressed synchronously: the stream that `compression` opens for each answer takes several times as
  // long.
  const isWorthCompressing = size >= MIN_COMPRESSED_BYTES && !res.getHeader('Content-Encoding');
  const encoding = isWorthCompressing ? preferredEncoding(res.req, 'gzip', 'br') : 'identity';
  // Node sends a string together with the headers, and bytes after them.
  const body = encoding === 'identity' ? html : compressFast(html, encoding);
  if (encoding !== 'identity') res.setHeader('Content-Encoding', encoding);
  // Browsers store no such page and never send its ETag back, so no hash is computed.
  if (res.getHeader('Cache-Control') === 'no-store')
    res.setHeader('Content-Length', body === html ? size : body.length).end(body);
  else {
    if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
    res.send(body);
  }
}

/** Tells whether htmx asked for a part of the page, to replace that part in the browser. */
export function wantsFragment(res: Response): boolean {
  return res.req.get('HX-Request-Type') === 'partial';
}

/**
 * Answers an accepted form. Browsers are redirected to the page with the result, so a reload does not send
 * the form again. htmx gets the same content and address in one round trip.
 * @param show answers with the content of `path`
 */
export async function seeOther(res: Response, path: string, show?: () => Promise<void>): Promise<void> {
  if (show && wantsFragment(res)) {
    res.setHeader('HX-Replace-Url', path);
    await show();
  } else if (wantsFragment(res)) {
    res.setHeader('HX-Redirect', path);
    res.status(204).end();
  } else res.redirect(303, path);
}
