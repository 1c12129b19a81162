import compression from 'compression';
import express, { type Express } from 'express';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { leavingRoutes } from './accounts/leaving.js';
import type { Passwords } from './accounts/passwords.js';
import { accountRoutes } from './accounts/routes.js';
import { apiRoutes } from './api/routes.js';
import type { Config } from './config.js';
import type { Database } from './database.js';
import { homeRoutes } from './home/routes.js';
import { changeRoutes } from './mine/change-routes.js';
import { FiguresOfPeople } from './mine/own-figures.js';
import { ProgressOfPeople } from './mine/progress.js';
import { mineRoutes } from './mine/routes.js';
import type { Boards } from './ranking/boards.js';
import { rankingRoutes } from './ranking/routes.js';
import { PREFIX } from './redis.js';
import { Confirmations } from './sessions/confirm.js';
import type { LateSignOuts } from './sessions/late-sign-outs.js';
import { sessionRoutes } from './sessions/routes.js';
import { RecordedStore } from './sessions/store.js';
import { Throttle } from './sessions/throttle.js';
import { sharingRoutes } from './sharing/routes.js';
import { thingRoutes } from './things/routes.js';
import { BallotBox } from './voting/ballot-box.js';
import { guestRoutes } from './voting/guest-routes.js';
import { Queues } from './voting/queue.js';
import { votingRoutes } from './voting/routes.js';
import { assets, assetUrl } from './web/assets.js';
import { refuseCrossSite } from './web/cross-site.js';
import { currentUser } from './web/current-user.js';
import { answerErrors, nothingHere } from './web/errors.js';
import { readFlash } from './web/flash.js';
import { securityHeaders, sendHeaders } from './web/headers.js';
import { healthRoutes } from './web/health.js';
import { createLimiter, limitGuesses } from './web/limit.js';
import { findNetwork } from './web/network.js';
import { openTemplates } from './web/page.js';
import { PrerenderedPages } from './web/prerendered.js';
import { warnOfProxy } from './web/proxy-warning.js';
import { limitRates } from './web/rates.js';
import { logRequests } from './web/request-log.js';
import { believeOrigin, session } from './web/session.js';

/** What the app is made of; `server.ts` and the tests put it together. */
export interface Parts {
  config: Config;
  db: Database;
  /** Without it, session state and counters live in this process. */
  redis: Redis | undefined;
  boards: Boards;
  passwords: Passwords;
  /** Sign-outs that wait for the record; the sweep settles them. */
  lateSignOuts: LateSignOuts;
  log: Logger;
  /** Begins every key in Redis. */
  prefix?: string;
  /** Aborted when the process is asked to stop; the site is served for a while after that. */
  stopping?: AbortSignal;
}

/** Puts the site together: what every request passes through, in order, and then the features. */
export function createApp({
  config,
  db,
  redis,
  boards,
  passwords,
  log,
  lateSignOuts,
  prefix = PREFIX,
  stopping,
}: Parts): Express {
  const store = new RecordedStore({
    db,
    redis,
    prefix: `${prefix}session:`,
    secrets: config.secrets,
    lateSignOuts,
    log,
  });
  const throttle = new Throttle(redis, prefix);
  const confirmations = new Confirmations({ db, passwords, store, redis, prefix });
  const guesses = createLimiter(redis, prefix, { name: 'session-guess', points: 100, duration: 600 });
  const queues = new Queues(redis, prefix);
  const ballotBox = new BallotBox(db);
  const figures = new FiguresOfPeople(db);
  const progress = new ProgressOfPeople(db, boards, figures, log);
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);
  app.set('view cache', config.production);
  app.set('query parser', 'simple');
  believeOrigin(app, config);
  app.locals.templates = openTemplates(config.production);
  app.locals.assets = { css: assetUrl('app.css'), htmx: assetUrl('htmx.min.js'), js: assetUrl('app.js') };

  const headers = securityHeaders(config);
  const prerendered = new PrerenderedPages(headers);

  app.use(logRequests(log));
  app.use(warnOfProxy(config, log));
  app.use(prerendered.answer);
  app.use(sendHeaders(headers));
  app.use(compression());
  // Only what looks like a file is looked for on the disk.
  app.get(/\.\w+$/, assets());
  app.use(healthRoutes(db, redis, stopping));
  app.use(findNetwork(config));
  app.use(refuseCrossSite(config.publicOrigin, db));
  app.use(session(config, store));
  app.use(limitGuesses(guesses));
  app.use(currentUser(db, config, store));
  app.use(readFlash);
  app.use(express.urlencoded({ extended: false, limit: '32kb' }));

  if (config.rateLimits) app.use(limitRates(redis, prefix, config.rateLimits));
  // What people ask for most comes first: an address is looked for in one router after the other.
  app.use(
    votingRoutes({ db, boards, queues, ballotBox, progressOf: (...whose) => progress.of(...whose), config }),
  );
  app.use(rankingRoutes(db, boards, prerendered));
  app.use(thingRoutes(db, boards, prerendered));
  app.use(homeRoutes(boards, config));
  app.use(guestRoutes(db, config));
  app.use(accountRoutes(db, passwords, config, store, throttle, confirmations, queues));
  app.use(leavingRoutes(db, store, confirmations));
  app.use(sessionRoutes(db, passwords, config, store, throttle, lateSignOuts, confirmations, queues));
  app.use(apiRoutes(boards, config));
  app.use(mineRoutes(db, boards, figures));
  app.use(changeRoutes(db, boards, config, queues));
  app.use(sharingRoutes(db, boards, figures, config));

  app.use(nothingHere);
  app.use(answerErrors(log));
  return app;
}
