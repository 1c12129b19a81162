import { Router } from 'express';
import { mayDo } from '../catalog/topic-roles.js';
import { topicPath } from '../catalog/topics.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { managePage } from './manage-page.js';
import type { ManageLink } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { thingFormRoutes } from './thing-routes.js';
import { thingListRoutes } from './things-routes.js';

interface OrganizeServices {
  db: Database;
  config: Config;
}

/** The pages behind the hub of a topic, in the order in which it lists them. */
const LINKS: ManageLink[] = [{ path: 'things', title: 'Things', act: 'look' }];

/** The pages of those who make and run topics. */
export function organizeRoutes(services: OrganizeServices): Router {
  const router = Router();
  router
    .route('/topics/:slug/manage')
    .get(requireRole(services, 'look'), (_req, res) => {
      const { topic, role } = organizedTopicOf(res);
      const links = LINKS.filter(({ act }) => mayDo(role, act));
      sendPage(res, 'organize/hub', { ...managePage(res), path: topicPath(topic), links });
    })
    .all(methodNotAllowed);
  router.use(thingListRoutes(services));
  router.use(thingFormRoutes(services));
  return router;
}
