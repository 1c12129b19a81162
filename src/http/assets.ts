import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import express, { type Request, type RequestHandler, type Response } from 'express';
import { root } from '../config.js';
import { preferredEncoding } from './encodings.js';
import { FILE_HEADERS, type Headers, PICTURE_HEADERS, setHeaders } from './headers.js';

const folder = join(root, 'public');

/**
 * The style sheets of the pages. Each is made of files in `public/styles`, in the order of their layers, because fewer
 * answers make a page quicker. The first has all that the front page and the vote page need.
 */
const SHEETS = {
  site: ['tokens', 'base', 'components', 'pair', 'home'],
  lists: ['board', 'ranking', 'profile'],
  studio: ['organize', 'uploads'],
};

/** A file in memory. It stays the same while an upgrade replaces the files under the running site. */
interface LoadedFile {
  type: string;
  bytes: Buffer;
  /** Its bytes in Brotli, after the first request for them. */
  compressed?: Promise<Buffer>;
  cacheControl: string;
}

/** The files that pages name, by address. */
const files = new Map<string, LoadedFile>();

/**
 * Serves the files in `public`. Browsers keep a file for ever when its address carries the hash of the file or of
 * its folder. Without the hash they keep a picture for a day, and ask again for any other file each time.
 * @param pageHeaders the headers of answers that are neither styles, scripts, fonts nor pictures
 */
export function assets(pageHeaders: Headers): RequestHandler {
  const serve = express.static(folder, {
    index: false,
    setHeaders(res, path) {
      const isPicture = path.startsWith(join(folder, 'pictures'));
      setHeaders(res, isPicture ? PICTURE_HEADERS : pageHeaders);
      if (path.endsWith('.svg')) res.setHeader('Content-Type', SVG);
      res.setHeader('Cache-Control', isPicture ? 'public, max-age=86400' : ASK_AGAIN);
    },
  });
  return async (req, res, next) => {
    const { url } = req;
    // A page that was loaded before an upgrade asks for the old hash.
    const plain = url.replace(/^\/(app|styles)\/[0-9a-f]{12}\//, '/$1/');
    const file = files.get(url) ?? files.get(plain);
    if (file) return sendLoaded(req, res, file);
    req.url = plain;
    serve(req, res, (error?: unknown) => {
      req.url = url;
      if (error) setHeaders(res, pageHeaders);
      next(error);
    });
  };
}

// The library names the encoding of other texts, but not of drawings.
const SVG = 'image/svg+xml; charset=utf-8';

const FOR_EVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'public, no-cache';

async function sendLoaded(req: Request, res: Response, file: LoadedFile): Promise<void> {
  const { type, cacheControl } = file;
  let { bytes } = file;
  setHeaders(res, type === '.svg' ? PICTURE_HEADERS : FILE_HEADERS);
  res.type(type === '.svg' ? SVG : type).setHeader('Cache-Control', cacheControl);
  if (TEXT.includes(type) && preferredEncoding(req, 'br', 'gzip') === 'br') {
    // Compressed once, so it can be done as well as possible. That takes too long for each answer.
    file.compressed ??= compress(bytes);
    bytes = await file.compressed;
    res.setHeader('Content-Encoding', 'br');
  }
  // No ETag: browsers never ask again for a file that they keep for ever.
  res.setHeader('Content-Length', bytes.length).end(bytes);
}

const TEXT = ['.css', '.js', '.svg'];

const compress = promisify(brotliCompress) as (bytes: Buffer) => Promise<Buffer>;

/**
 * Returns the address of a file in `public`. It holds the file's hash, so a new version has a new address.
 */
export function assetUrl(file: string): string {
  const bytes = readFileSync(join(folder, file));
  const url = `/${file}?v=${hashOf([bytes])}`;
  load(url, bytes);
  return url;
}

/**
 * Returns the address of a folder in `public`, without a slash at the end. It holds the hash of all its files, which
 * can therefore name each other by relative addresses.
 */
export function assetFolderUrl(name: string): string {
  const names = readdirSync(join(folder, name)).sort();
  const contents = names.map((file) => readFileSync(join(folder, name, file)));
  const url = `/${name}/${hashOf(contents)}`;
  for (const [index, bytes] of contents.entries()) {
    const file = `${url}/${names[index]}`;
    load(file, file.endsWith('.js') ? withoutCommentLines(bytes) : bytes);
  }
  return url;
}

/** Returns the address of the folder with the style sheets of the pages: `site.css` and `lists.css`. */
export function styleFolderUrl(): string {
  const url = assetFolderUrl('styles');
  for (const [name, parts] of Object.entries(SHEETS)) {
    const sheet = parts.map((part) => readFileSync(join(folder, 'styles', `${part}.css`), 'utf8')).join('');
    const bytes = Buffer.from(withoutComments(sheet));
    load(`${url}/${name}.css`, bytes);
    load(`/styles/${name}.css`, bytes, ASK_AGAIN);
  }
  return url;
}

/** Leaves out the lines of a script that are comments, a fifth of what is sent. No text in it may look like one. */
const withoutCommentLines = (script: Buffer): Buffer =>
  Buffer.from(script.toString().replace(/^ *\/\/.*\n/gm, ''));

/** Leaves out what browsers skip: a fifth of the compressed sheet. */
const withoutComments = (css: string): string => css.replace(/\/\*.*?\*\//gs, '').replace(/\n\s+/g, '\n');

function load(url: string, bytes: Buffer, cacheControl = FOR_EVER): void {
  files.set(url, { type: extname(url.replace(/\?.*/, '')), bytes, cacheControl });
}

function hashOf(contents: Buffer[]): string {
  const hash = createHash('sha256');
  for (const bytes of contents) hash.update(bytes);
  return hash.digest('hex').slice(0, 12);
}
