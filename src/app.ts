import compression from 'compression';
import express, { type Express, type Request } from 'express';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { apiRoutes } from './api/routes.js';
import { accountRoutes } from './auth/account-routes.js';
import type { Passwords } from './auth/passwords/passwords.js';
import type { AuthServices } from './auth/services.js';
import { sessionRoutes } from './auth/session-routes.js';
import { readClient } from './auth/sessions/client.js';
import { currentUser } from './auth/sessions/current-user.js';
import { believeOrigin, session } from './auth/sessions/express-session.js';
import type { PendingRevocations } from './auth/sessions/pending-revocations.js';
import { recordEvent } from './auth/sessions/sessions.js';
import { RecordedStore } from './auth/sessions/store.js';
import { Sudo } from './auth/sessions/sudo.js';
import { Throttle } from './auth/sessions/throttle.js';
import type { Config } from './config.js';
import type { Database } from './database.js';
import { homeRoutes } from './home/routes.js';
import { assets, assetUrl } from './http/assets.js';
import { refuseCrossSite } from './http/cross-site.js';
import { answerErrors, nothingHere } from './http/errors.js';
import { readFlash } from './http/flash.js';
import { securityHeaders, sendHeaders } from './http/headers.js';
import { healthRoutes } from './http/health.js';
import { createLimiter, limitGuesses } from './http/limit.js';
import { findNetwork } from './http/network.js';
import { openTemplates } from './http/page.js';
import { PrerenderedPages } from './http/prerendered.js';
import { warnOfProxy } from './http/proxy-warning.js';
import { limitRates } from './http/rates.js';
import { logRequests } from './http/request-log.js';
import { changeRoutes } from './profile/change-routes.js';
import { leavingRoutes } from './profile/leaving/routes.js';
import { FiguresOfPeople } from './profile/own-figures.js';
import { ProgressOfPeople } from './profile/progress.js';
import { profileRoutes } from './profile/routes.js';
import { sharingRoutes } from './profile/sharing/routes.js';
import type { Boards } from './ranking/boards/board-loader.js';
import { rankingRoutes } from './ranking/pages/ranking-routes.js';
import { thingRoutes } from './ranking/pages/thing-routes.js';
import { PREFIX } from './redis.js';
import { BallotBox } from './voting/ballot-box.js';
import { guestRoutes } from './voting/guest-routes.js';
import { takeOverVotes } from './voting/guests.js';
import { Queues } from './voting/queue.js';
import { votingRoutes } from './voting/routes.js';

/** What the app is made of; `server.ts` and the tests put it together. */
export interface Parts {
  config: Config;
  db: Database;
  /** Without it, session state and counters live in this process. */
  redis: Redis | undefined;
  boards: Boards;
  passwords: Passwords;
  /** Sign-outs that wait for the record; the sweep settles them. */
  pendingRevocations: PendingRevocations;
  log: Logger;
  /** Begins every key in Redis. */
  prefix?: string;
  /** Aborted when the process is asked to stop; the site is served for a while after that. */
  stopping?: AbortSignal;
}

/** Puts the site together: what every request passes through, in order, and then the features. */
export function createApp(parts: Parts): Express {
  const { config, db, redis, log, prefix = PREFIX, stopping } = parts;
  const services = servicesOf(parts);
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);
  app.set('view cache', config.production);
  app.set('query parser', 'simple');
  believeOrigin(app, config);
  app.locals.templates = openTemplates(config.production);
  app.locals.assets = { css: assetUrl('app.css'), htmx: assetUrl('htmx.min.js'), js: assetUrl('app.js') };

  app.use(logRequests(log));
  app.use(warnOfProxy(config, log));
  app.use(services.prerendered.answer);
  app.use(sendHeaders(services.headers));
  app.use(compression());
  // Only what looks like a file is looked for on the disk.
  app.get(/\.\w+$/, assets());
  app.use(healthRoutes(db, redis, stopping));
  app.use(findNetwork(config));
  app.use(refuseCrossSite(config.publicOrigin, services.onRefused));
  app.use(session(config, services.store));
  app.use(limitGuesses(services.guesses));
  app.use(currentUser(db, config, services.store));
  app.use(readFlash);
  app.use(express.urlencoded({ extended: false, limit: '32kb' }));
  if (config.rateLimits) app.use(limitRates(redis, prefix, config.rateLimits));

  // What people ask for most comes first: an address is looked for in one router after the other.
  app.use(votingRoutes(services));
  app.use(rankingRoutes(services));
  app.use(thingRoutes(services));
  app.use(homeRoutes(services));
  app.use(guestRoutes(services));
  app.use(accountRoutes(services));
  app.use(sessionRoutes(services));
  app.use(leavingRoutes(services));
  app.use(apiRoutes(services));
  app.use(profileRoutes(services));
  app.use(changeRoutes(services));
  app.use(sharingRoutes(services));

  app.use(nothingHere);
  app.use(answerErrors(log));
  return app;
}

/** What the features work with. A lower room that makes something happen above it has a hook here. */
function servicesOf({
  config,
  db,
  redis,
  boards,
  passwords,
  log,
  pendingRevocations,
  prefix = PREFIX,
}: Parts) {
  const { secrets } = config;
  const statePrefix = `${prefix}session:`;
  const store = new RecordedStore({ db, redis, prefix: statePrefix, secrets, pendingRevocations, log });
  const queues = new Queues(redis, prefix);
  const figures = new FiguresOfPeople(db);
  const progress = new ProgressOfPeople(db, boards, figures, log);
  const headers = securityHeaders(config);
  const auth: AuthServices = {
    ...{ db, config, passwords, store, pendingRevocations },
    throttle: new Throttle(redis, prefix),
    sudo: new Sudo({ db, passwords, store, redis, prefix }),
    async onSignIn(req, res, { userId, isNew }) {
      const taken = await takeOverVotes(req, res, { db, config, queues, voter: userId });
      return taken && `${isNew ? 'welcome' : 'logged-in'}-${taken}`;
    },
  };
  return {
    ...auth,
    ...{ boards, queues, figures, headers },
    guesses: createLimiter(redis, prefix, { name: 'session-guess', points: 100, duration: 600 }),
    ballotBox: new BallotBox(db),
    prerendered: new PrerenderedPages(headers),
    progressOf: (...whose: Parameters<ProgressOfPeople['of']>) => progress.of(...whose),
    onRefused: (req: Request) =>
      recordEvent(db, { kind: 'cross-site', userId: null, sessionId: null, client: readClient(req) }),
  };
}
