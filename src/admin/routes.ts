import { Router } from 'express';
import type { Redis } from 'ioredis';
import type { AuthServices } from '../auth/services.js';
import { activityRoutes } from './activity/activity-routes.js';
import { adminHealthRoutes } from './health/health-routes.js';
import { overviewRoutes } from './overview-routes.js';
import { peopleRoutes } from './people/people-routes.js';
import { personRoutes } from './people/person-routes.js';

/** The pages of those who run the site. */
export function adminRoutes(services: AuthServices & { redis: Redis | undefined }): Router {
  const router = Router();
  router.use(overviewRoutes(services));
  router.use(peopleRoutes(services));
  router.use(personRoutes(services));
  router.use(activityRoutes(services));
  router.use(adminHealthRoutes(services));
  return router;
}
