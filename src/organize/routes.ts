import { Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { overviewRoutes } from './overview-routes.js';
import { resultsRoutes } from './results-routes.js';
import { settingsRoutes } from './settings-routes.js';
import { thingFormRoutes } from './thing-routes.js';
import { thingListRoutes } from './things-routes.js';

interface OrganizeServices {
  db: Database;
  boards: Boards;
  config: Config;
}

/** The pages of those who run topics. */
export function organizeRoutes(services: OrganizeServices): Router {
  const router = Router();
  router.use(overviewRoutes(services));
  router.use(thingListRoutes(services));
  router.use(thingFormRoutes(services));
  router.use(settingsRoutes(services));
  router.use(resultsRoutes(services));
  return router;
}
