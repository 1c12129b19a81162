import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import express, { type RequestHandler } from 'express';
import { root } from '../config.js';

const folder = join(root, 'public');

/**
 * Serves the files in `public`. Browsers keep a file for ever when its address carries the hash of the file or of
 * its folder. Without the hash they keep a picture for a day, and ask again for any other file each time.
 */
export function assets(): RequestHandler {
  const serve = express.static(folder, {
    index: false,
    setHeaders(res, path) {
      res.setHeader('Cache-Control', cacheControl(path, res.req.originalUrl));
    },
  });
  return (req, res, next) => {
    const { url } = req;
    req.url = url.replace(/^\/(app|styles)\/[0-9a-f]{12}\//, '/$1/');
    return serve(req, res, (error?: unknown) => {
      req.url = url;
      next(error);
    });
  };
}

function cacheControl(path: string, requestUrl: string): string {
  const file = relative(folder, path).replaceAll('\\', '/');
  const [inFolder = '', ...rest] = file.split('/');
  const isCurrent =
    rest.length > 0 && inFolder !== 'pictures'
      ? requestUrl === `${assetFolderUrl(inFolder)}/${rest.join('/')}`
      : requestUrl === assetUrl(file);
  if (isCurrent) return 'public, max-age=31536000, immutable';
  return inFolder === 'pictures' ? 'public, max-age=86400' : 'public, no-cache';
}

/**
 * Returns the address of a file in `public`. It holds the file's hash, so a new version has a new address.
 */
export function assetUrl(file: string): string {
  return remember(file, () => `/${file}?v=${hashOf([file])}`);
}

/**
 * Returns the address of a folder in `public`, without a slash at the end. It holds the hash of all its files, which
 * can therefore name each other by relative addresses.
 */
export function assetFolderUrl(name: string): string {
  return remember(name, () => {
    const files = readdirSync(join(folder, name)).sort();
    return `/${name}/${hashOf(files.map((file) => `${name}/${file}`))}`;
  });
}

function hashOf(files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(folder, file)));
  return hash.digest('hex').slice(0, 12);
}

function remember(name: string, make: () => string): string {
  const url = urls.get(name) ?? make();
  urls.set(name, url);
  return url;
}

const urls = new Map<string, string>();
