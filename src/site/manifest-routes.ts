import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Router } from 'express';
import { root } from '../config.js';
import { methodNotAllowed } from '../http/errors.js';
import { FILE_HEADERS, setHeaders } from '../http/headers.js';
import type { SiteSettings } from './site-settings.js';

/** Serves the manifest of public/manifest.webmanifest, by which people install the site as an app, with the site's name. */
export function manifestRoutes(settings: SiteSettings): Router {
  const manifest: object = JSON.parse(readFileSync(join(root, 'public/manifest.webmanifest'), 'utf8'));
  const router = Router();
  router
    .route('/manifest.webmanifest')
    .get((_req, res) => {
      setHeaders(res, FILE_HEADERS);
      res.setHeader('Cache-Control', 'public, no-cache');
      res.type('application/manifest+json').json({ ...manifest, name: settings.current.name });
    })
    .all(methodNotAllowed);
  return router;
}
