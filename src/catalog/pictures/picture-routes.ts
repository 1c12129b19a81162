import { Router } from 'express';
import { methodNotAllowed } from '../../http/errors.js';
import { notFound } from '../../http/problem.js';
import type { Pictures } from './pictures.js';

/**
 * Serves the files of uploaded pictures. They need no session: who has the address of a picture has seen the page that
 * shows it, because nobody can guess or compute the address (docs/security.md). A file never changes, so browsers keep
 * it for ever.
 */
export function pictureRoutes(pictures: Pictures): Router {
  const router = Router();
  router
    .route(/^\/pictures\/([0-9a-f]{64})-([1-9]\d{0,4})\.webp$/)
    .get(async (req, res) => {
      const [hash, width] = [String(req.params[0]), Number(req.params[1])];
      const body = await pictures.find(hash, width);
      if (!body) throw notFound();
      res.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      res.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
      res.setHeader('ETag', `"${hash.slice(0, 32)}-${width}"`);
      if (req.fresh) res.status(304).end();
      else res.type('webp').send(body);
    })
    .all(methodNotAllowed);
  return router;
}
