import { Router } from 'express';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import type { Queues } from '../voting/queue.js';
import { activityRoutes } from './activity-routes.js';
import { judgesRoutes } from './judging/judges-routes.js';
import { judgeNotesRoutes } from './judging/notes-routes.js';
import { overviewRoutes } from './overview-routes.js';
import { peopleRoutes } from './people-routes.js';
import { removalRoutes } from './removal-routes.js';
import { resultsRoutes } from './results-routes.js';
import { reviewRoutes } from './review-routes.js';
import { screenRoutes } from './screen/screen-routes.js';
import { settingsRoutes } from './settings-routes.js';
import { thingFormRoutes } from './thing-routes.js';
import { thingListRoutes } from './things-routes.js';
import { codeRoutes } from './voters/code-routes.js';
import { joinRoutes } from './voters/join-routes.js';
import { votersRoutes } from './voters/voters-routes.js';

interface OrganizeServices {
  db: Database;
  boards: Boards;
  queues: Queues;
  config: Config;
  /** Counts wrong codes of topics. */
  codeGuesses: RateLimiterAbstract;
}

/** The pages of those who run topics. */
export function organizeRoutes(services: OrganizeServices): Router {
  const router = Router();
  router.use(overviewRoutes(services));
  router.use(thingListRoutes(services));
  router.use(thingFormRoutes(services));
  router.use(votersRoutes(services));
  router.use(joinRoutes(services));
  router.use(codeRoutes(services));
  router.use(screenRoutes(services));
  router.use(judgesRoutes(services));
  router.use(judgeNotesRoutes(services));
  router.use(reviewRoutes(services));
  router.use(resultsRoutes(services));
  router.use(settingsRoutes(services));
  router.use(peopleRoutes(services));
  router.use(activityRoutes(services));
  router.use(removalRoutes(services));
  return router;
}
