import { Router } from 'express';
import { mayDo } from '../catalog/topic-roles.js';
import { topicPath } from '../catalog/topics.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Queues } from '../voting/queue.js';
import { activityRoutes } from './activity-routes.js';
import { joinRoutes } from './join-routes.js';
import { LINKS } from './links.js';
import { managePage } from './manage-page.js';
import { peopleRoutes } from './people-routes.js';
import { removalRoutes } from './removal-routes.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { thingFormRoutes } from './thing-routes.js';
import { thingListRoutes } from './things-routes.js';
import { votersRoutes } from './voters-routes.js';

interface OrganizeServices {
  db: Database;
  boards: Boards;
  queues: Queues;
  config: Config;
}

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
  router.use(peopleRoutes(services));
  router.use(activityRoutes(services));
  router.use(votersRoutes(services));
  router.use(joinRoutes(services));
  router.use(removalRoutes(services));
  return router;
}
