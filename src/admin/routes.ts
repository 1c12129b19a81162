import { Router } from 'express';
import type { AuthServices } from '../auth/services.js';
import type { Pictures } from '../catalog/pictures/pictures.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Redis } from '../redis.js';
import { activityRoutes } from './activity/activity-routes.js';
import { adminHealthRoutes } from './health/health-routes.js';
import { overviewRoutes } from './overview-routes.js';
import { invitationRoutes } from './people/invitation-routes.js';
import { peopleRoutes } from './people/people-routes.js';
import { personRoutes } from './people/person-routes.js';
import { reviewRoutes } from './review/review-routes.js';
import { claimRoutes } from './settings/claim-routes.js';
import { settingsRoutes } from './settings/settings-routes.js';
import { stuffingRoutes } from './stuffing/stuffing-routes.js';
import { topicRoutes } from './topics/topic-routes.js';

interface AdminServices extends AuthServices {
  boards: Boards;
  pictures: Pictures;
  redis: Redis | undefined;
}

/** The pages of those who run the site. */
export function adminRoutes(services: AdminServices): Router {
  const router = Router();
  router.use(overviewRoutes(services));
  router.use(peopleRoutes(services));
  router.use(invitationRoutes(services));
  router.use(personRoutes(services));
  router.use(topicRoutes(services));
  router.use(reviewRoutes(services));
  router.use(stuffingRoutes(services));
  router.use(activityRoutes(services));
  router.use(adminHealthRoutes(services));
  router.use(settingsRoutes(services));
  router.use(claimRoutes(services));
  return router;
}
