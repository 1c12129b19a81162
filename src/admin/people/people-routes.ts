import { Router } from 'express';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import { readPage, readQuery } from '../admin-page.js';
import { requireAdmin } from '../require-admin.js';
import { findPeople, PEOPLE_FILTERS, PEOPLE_PER_PAGE } from './find-people.js';

/** The list of people, to search in. */
export function peopleRoutes({ db }: { db: Database }): Router {
  const router = Router();
  router
    .route('/admin/people')
    .get(requireAdmin, async (req, res) => {
      const query = readQuery(req.query.q);
      const page = readPage(req.query.page);
      const filter = PEOPLE_FILTERS.find((name) => name === req.query.show) ?? 'all';
      const { people, found } = await findPeople(db, { query, filter, page });
      const pages = Math.max(Math.ceil(found / PEOPLE_PER_PAGE), 1);
      sendPage(res, 'admin/people', { people, filter, query, page, pages, found });
    })
    .all(methodNotAllowed);
  return router;
}
