import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import express, { type RequestHandler } from 'express';
import { root } from '../config.js';

const folder = join(root, 'public');

/**
 * Serves the files in `public`. An address that carries the file's hash can be kept for ever; others are asked
 * for again after a day, or at once when they are not pictures.
 */
export function assets(): RequestHandler {
  return express.static(folder, {
    index: false,
    setHeaders(res, path) {
      const known = res.req.url === assetUrl(relative(folder, path).replaceAll('\\', '/'));
      const picture = path.includes(`${join(folder, 'pictures')}`);
      res.setHeader(
        'Cache-Control',
        known
          ? 'public, max-age=31536000, immutable'
          : picture
            ? 'public, max-age=86400'
            : 'public, no-cache',
      );
    },
  });
}

/** The address of a file in `public` with its hash, so that a new version is a new address. */
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
