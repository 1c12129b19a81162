import { Router } from 'express';
import { methodNotAllowed } from '../../http/errors.js';
import { type Headers, PICTURE_HEADERS, sendHeaders, setHeaders } from '../../http/headers.js';
import { notFound } from '../../http/problem.js';
import type { Pictures } from './pictures.js';

/**
 * Serves the files of uploaded pictures. They need no session: who has the address of a picture has seen the page that
 * shows it, because nobody can guess or compute the address (docs/security.md). A file never changes, so browsers keep
 * it for ever.
 * @param pageHeaders the headers of a page that says why there is no picture
 */
export function pictureRoutes(pictures: Pictures, pageHeaders: Headers): Router {
  const router = Router();
  router
    .route(/^\/pictures\/([0-9a-f]{64})-([1-9]\d{0,4})\.webp$/)
    .all(sendHeaders(pageHeaders))
    .get(async (req, res) => {
      const body = await pictures.find(String(req.params[0]), Number(req.params[1]));
      if (!body) throw notFound();
      for (const [name] of pageHeaders) res.removeHeader(name);
      setHeaders(res, PICTURE_HEADERS);
      res.type('webp').setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      res.setHeader('Content-Length', body.length).end(body);
    })
    .all(methodNotAllowed);
  return router;
}
