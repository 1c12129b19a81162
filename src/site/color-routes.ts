import { Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { FILE_HEADERS, setHeaders } from '../http/headers.js';
import { GROUNDS, softOf } from './contrast.js';
import type { SiteValues } from './site-settings.js';

/** The address of the style sheet with the colours of the site. */
export const colorsUrl = ({ light, dark }: NonNullable<SiteValues['colors']>): string =>
  `/colors/${light.slice(1)}-${dark.slice(1)}.css`;

/**
 * Serves style sheets with the colours of a site. All that is in one comes from its address, so browsers keep it for
 * ever.
 */
export function colorRoutes(): Router {
  const router = Router();
  router
    .route(/^\/colors\/([0-9a-f]{6})-([0-9a-f]{6})\.css$/)
    .get((req, res) => {
      setHeaders(res, FILE_HEADERS);
      res.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
      res.type('css').send(styleSheet(`#${req.params[0]}`, `#${req.params[1]}`));
    })
    .all(methodNotAllowed);
  return router;
}

const styleSheet = (light: string, dark: string): string => `@layer tokens {
  :root {
    --accent: light-dark(${light}, ${dark});
    --accent-soft: light-dark(${softOf(light, 'light')}, ${softOf(dark, 'dark')});
    --on-accent: light-dark(${GROUNDS.light.text}, ${GROUNDS.dark.text});
    --range: var(--accent);
  }
}
`;
