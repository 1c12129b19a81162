import { Router } from 'express';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { clientAddress } from '../../http/client-address.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import type { Redis } from '../../redis.js';
import { requireAdmin } from '../require-admin.js';
import { checkHealth } from './health.js';

const TITLES = [
  ['broken', 'Broken'],
  ['look', 'To look at'],
  ['fine', 'Fine'],
] as const;

/** The page that tells admins how the site is, and what to do. */
export function adminHealthRoutes(services: {
  db: Database;
  redis: Redis | undefined;
  config: Config;
}): Router {
  const router = Router();
  router
    .route('/admin/health')
    .get(requireAdmin, async (req, res) => {
      const request = { forwardedFor: req.get('X-Forwarded-For'), address: clientAddress(req) };
      const checks = await checkHealth({ ...services, request });
      const groups = TITLES.map(([state, title]) => ({
        ...{ state, title },
        checks: checks.filter((check) => check.state === state),
      }));
      sendPage(res, 'admin/health', { groups: groups.filter(({ checks }) => checks.length > 0) });
    })
    .all(methodNotAllowed);
  return router;
}
