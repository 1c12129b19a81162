import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import express, { type RequestHandler } from 'express';
import { root } from '../config.js';

const folder = join(root, 'public');

/**
 * Serves the files in `public`. Browsers keep a file for ever when its address carries the file's hash.
 * Without the hash they keep a picture for a day, and ask again for any other file each time.
 */
export function assets(): RequestHandler {
  return express.static(folder, {
    index: false,
    setHeaders(res, path) {
      res.setHeader('Cache-Control', cacheControl(path, res.req.url));
    },
  });
}

function cacheControl(path: string, requestUrl: string | undefined): string {
  if (requestUrl === assetUrl(relative(folder, path).replaceAll('\\', '/')))
    return 'public, max-age=31536000, immutable';
  return path.includes(join(folder, 'pictures')) ? 'public, max-age=86400' : 'public, no-cache';
}

/**
 * Returns the address of a file in `public`. It holds the file's hash, so a new version has a new address.
 */
export function assetUrl(file: string): string {
  let url = urls.get(file);
  if (!url) {
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('hex');
    url = `/${file}?v=${hash.slice(0, 12)}`;
    urls.set(file, url);
  }
  return url;
}

const urls = new Map<string, string>();

/** Returns the addresses of the scripts in `public/app`, one behaviour each, by their names without `.js`. */
export function moduleUrls(): Record<string, string> {
  const files = readdirSync(join(folder, 'app')).filter((file) => file.endsWith('.js'));
  return Object.fromEntries(files.map((file) => [file.replace('.js', ''), assetUrl(`app/${file}`)]));
}
