import { Router } from 'express';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { readOverview } from './overview.js';
import { requireAdmin } from './require-admin.js';

/** The page that admins see first. */
export function overviewRoutes({ db }: { db: Database }): Router {
  const router = Router();
  router
    .route('/admin')
    .get(requireAdmin, async (_req, res) =>
      sendPage(res, 'admin/overview', { overview: await readOverview(db) }),
    )
    .all(methodNotAllowed);
  return router;
}
