import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Eta } from 'eta';
import type { Response } from 'express';
import { root } from '../config.js';
import { gzipOnce, preferredEncoding } from './encodings.js';
import * as words from './format.js';
import type { Problem } from './problem.js';

const views = join(root, 'views');

/**
 * Templates in which `partial(name, data)` puts in another one, which sees nothing but that data, and `w` is what words.ts
 * has. Eta's own `include` also hands over all that its caller was given: to merge that costs more than to render.
 */
class Templates extends Eta {
  readonly words = words;

  constructor() {
    const functionHeader =
      'const w = this.words; const partial = (name, data) => this.render(name, data, options);';
    super({ views, cache: true, functionHeader });
  }
}

/**
 * The templates of a site's pages. Whoever works on them sees a change at once; in production all of them are read
 * at the start, so that an upgrade that replaces the files under the running site leaves its pages as they were.
 * @throws Error for a template that can't be read or compiled, in production
 */
export function openTemplates(production: boolean): Eta {
  const eta = new Templates();
  if (production)
    for (const file of readdirSync(views, { recursive: true, encoding: 'utf8' })) {
      // Under the name by which Eta looks for it before it would read it.
      const path = join(views, file);
      if (file.endsWith('.eta')) eta.loadTemplate(path, readFileSync(path, 'utf8'));
    }
  return eta;
}

/**
 * The pages under views and what each of them shows. A room declares its own pages, so that a field that is missing or
 * misnamed does not compile: `declare module '../http/page.js' { interface Pages { 'voting/vote': VotePage } }`.
 */
export interface Pages {
  'errors/problem': { problem: Problem };
}

/** A page with its data: which data it needs depends on its name. */
export type Page = { [Name in keyof Pages]: { page: Name; read: () => Pages[Name] } }[keyof Pages];

/**
 * Answers with a page. A page and its fragment are one template: `fragment` names the partial that the page
 * includes, and htmx, which says with `HX-Request-Type: partial` that it replaces only that part, gets it alone.
 * @param page a template under views, such as `voting/vote`
 * @param data what it shows; never a request's query or body
 */
export function sendPage<Name extends keyof Pages>(
  res: Response,
  page: Name,
  data: Pages[Name],
  fragment?: string,
): void {
  const template = fragment !== undefined && wantsPart(res) ? fragment : page;
  sendHtml(res, renderPage(res, template, data));
}

/** Makes a page or a part of one, for whoever asks. @param template a template under views */
export function renderPage(res: Response, template: string, data: object): string {
  const { assets, templates } = res.app.locals;
  if (!res.app.enabled('view cache')) templates.templatesSync.reset();
  const { user, flash } = res.locals;
  return templates.render(`/${template}`, { assets, user, flash, here: res.req.path, ...data });
}

/** What kind of answer a page is. */
export const HTML = 'text/html; charset=utf-8';

// What fits into one packet arrives no sooner when it is compressed.
const SMALL = 1024;

/** Sends a page that is made already, to be asked for anew each time. */
export function sendHtml(res: Response, html: string | Buffer): void {
  let bytes = typeof html === 'string' ? Buffer.from(html) : html;
  res.vary('HX-Request-Type').setHeader('Content-Type', HTML);
  // At once, in this thread: the stream that `compression` opens for each answer takes several times as long.
  const isToCompress = bytes.length >= SMALL && !res.getHeader('Content-Encoding');
  if (isToCompress && preferredEncoding(res.req, 'gzip') === 'gzip') {
    bytes = gzipOnce(bytes);
    res.setHeader('Content-Encoding', 'gzip');
  }
  // What is stored nowhere is never asked for again by its tag: no hash is worked out.
  if (res.getHeader('Cache-Control') === 'no-store') res.setHeader('Content-Length', bytes.length).end(bytes);
  else {
    if (!res.getHeader('Cache-Control')) res.setHeader('Cache-Control', 'private, no-cache');
    res.send(bytes);
  }
}

/** Whether htmx asked for a part of the page, to put into the page that is there. */
export function wantsPart(res: Response): boolean {
  return res.req.get('HX-Request-Type') === 'partial';
}

/**
 * Answers a form that was accepted. Browsers are sent to the page that shows the result, so that reloading it
 * sends nothing again; htmx gets what that page would show in the same round trip, and the same address.
 * @param show answers with what is to be seen at `path`
 */
export async function seeOther(res: Response, path: string, show?: () => Promise<void>): Promise<void> {
  if (show && wantsPart(res)) {
    res.setHeader('HX-Replace-Url', path);
    await show();
  } else if (wantsPart(res)) {
    res.setHeader('HX-Redirect', path);
    res.status(204).end();
  } else res.redirect(303, path);
}
