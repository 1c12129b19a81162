import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import express, { type RequestHandler, type Response } from 'express';
import { root } from '../config.js';
import { preferredEncoding } from './encodings.js';

const folder = join(root, 'public');

/** The files by the addresses that hold their hash. */
const files = new Map<string, string>();

/**
 * Serves the files in `public`. Browsers keep a file for ever when its address carries the hash of the file or of
 * its folder. Without the hash they keep a picture for a day, and ask again for any other file each time.
 */
export function assets(): RequestHandler {
  const serve = express.static(folder, {
    index: false,
    setHeaders(res, path) {
      res.setHeader('Cache-Control', cacheControl(path, files.has(res.req.originalUrl)));
    },
  });
  return (req, res, next) => {
    const { url } = req;
    const file = files.get(url);
    const isText = file !== undefined && ['.css', '.js'].includes(extname(file));
    if (isText && preferredEncoding(req, 'br', 'gzip') === 'br') return sendCompressed(res, file);
    // A page that was loaded before an upgrade asks for the old hash.
    req.url = url.replace(/^\/(app|styles)\/[0-9a-f]{12}\//, '/$1/');
    return serve(req, res, (error?: unknown) => {
      req.url = url;
      next(error);
    });
  };
}

function cacheControl(path: string, isCurrent: boolean): string {
  if (isCurrent) return FOR_EVER;
  return path.includes(join(folder, 'pictures')) ? 'public, max-age=86400' : 'public, no-cache';
}

const FOR_EVER = 'public, max-age=31536000, immutable';

// Compressed once, so it can be done as well as possible. That takes too long for each answer.
function sendCompressed(res: Response, file: string): void {
  const bytes = compressed.get(file) ?? brotliCompressSync(readFileSync(join(folder, file)));
  compressed.set(file, bytes);
  res.vary('Accept-Encoding').type(extname(file));
  res.setHeader('Cache-Control', FOR_EVER).setHeader('Content-Encoding', 'br');
  res.send(bytes);
}

const compressed = new Map<string, Buffer>();

/**
 * Returns the address of a file in `public`. It holds the file's hash, so a new version has a new address.
 */
export function assetUrl(file: string): string {
  const url = `/${file}?v=${hashOf([file])}`;
  files.set(url, file);
  return url;
}

/**
 * Returns the address of a folder in `public`, without a slash at the end. It holds the hash of all its files, which
 * can therefore name each other by relative addresses.
 */
export function assetFolderUrl(name: string): string {
  const names = readdirSync(join(folder, name)).sort();
  const url = `/${name}/${hashOf(names.map((file) => `${name}/${file}`))}`;
  for (const file of names) files.set(`${url}/${file}`, `${name}/${file}`);
  return url;
}

function hashOf(paths: string[]): string {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(readFileSync(join(folder, path)));
  return hash.digest('hex').slice(0, 12);
}
