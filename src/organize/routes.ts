import { Router } from 'express';
import { mayDo } from '../catalog/topic-roles.js';
import { topicPath } from '../catalog/topics.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { ManageLink } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';

interface OrganizeServices {
  db: Database;
}

/** The pages behind the hub of a topic, in the order in which it lists them. */
const LINKS: ManageLink[] = [];

/** The pages of those who make and run topics. */
export function organizeRoutes(services: OrganizeServices): Router {
  const router = Router();
  router
    .route('/topics/:slug/manage')
    .get(requireRole(services, 'look'), (_req, res) => {
      const { topic, role } = organizedTopicOf(res);
      const manage = `/topics/${topic.slug}/manage`;
      const links = LINKS.filter(({ act }) => mayDo(role, act));
      sendPage(res, 'organize/hub', { topic, role, manage, path: topicPath(topic), links });
    })
    .all(methodNotAllowed);
  return router;
}
