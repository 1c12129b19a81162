import compression from 'compression';
import express, { type Express, type Request } from 'express';
import type { Logger } from 'pino';
import { RankerWatch } from './admin/health/ranker-watch.js';
import { readinessChecks } from './admin/health/readiness.js';
import { metricsRoutes } from './admin/metrics/metrics-routes.js';
import { adminRoutes } from './admin/routes.js';
import { apiRoutes } from './api/routes.js';
import { accountRoutes } from './auth/account-routes.js';
import { recordEvent } from './auth/audit/record-event.js';
import { AccountMail } from './auth/email/account-mail.js';
import { emailRoutes } from './auth/email-routes.js';
import { readGuest } from './auth/guest-cookie.js';
import { nameRoutes } from './auth/name-routes.js';
import { passkeyRoutes } from './auth/passkey-routes.js';
import type { Passwords } from './auth/passwords/passwords.js';
import { recoveryRoutes } from './auth/recovery-routes.js';
import type { AuthServices } from './auth/services.js';
import { sessionRoutes } from './auth/session-routes.js';
import { readClient } from './auth/sessions/client.js';
import { currentUser } from './auth/sessions/current-user.js';
import { session, setSecureFromOrigin } from './auth/sessions/express-session.js';
import type { PendingRevocations } from './auth/sessions/pending-revocations.js';
import { SessionStore } from './auth/sessions/session-store.js';
import { Sudo } from './auth/sessions/sudo.js';
import { Throttle } from './auth/sessions/throttle.js';
import { SignUpLimit } from './auth/users/sign-up-limit.js';
import { pictureRoutes } from './catalog/pictures/picture-routes.js';
import { Pictures } from './catalog/pictures/pictures.js';
import type { Config } from './config.js';
import type { Database } from './database.js';
import { componentRoutes } from './home/component-routes.js';
import { homeRoutes } from './home/routes.js';
import { assetFolderUrl, assets, assetUrl, styleFolderUrl } from './http/assets.js';
import { limitBodyTime } from './http/body-time.js';
import { refuseCrossSite } from './http/cross-site.js';
import { answerErrors, answerNotFound } from './http/errors.js';
import { readFlash } from './http/flash.js';
import { securityHeaders, sendHeaders } from './http/headers.js';
import { healthRoutes } from './http/health.js';
import { findNetwork } from './http/network.js';
import { refuseNul } from './http/nul.js';
import { shedLoad } from './http/overload.js';
import { loadTemplates } from './http/page.js';
import { pictureSources } from './http/picture-sources.js';
import { PrerenderedPages } from './http/prerendered.js';
import { warnOfProxy } from './http/proxy-warning.js';
import { createLimiter, limitSessionGuesses } from './http/rate-limiter.js';
import { limitRates } from './http/rate-limits.js';
import { logRequests } from './http/request-log.js';
import { measureRequests } from './http/request-metrics.js';
import { createMailer } from './mailer.js';
import { newTopicRoutes } from './organize/new-topic-routes.js';
import { organizePictureRoutes } from './organize/picture-routes.js';
import { organizeRoutes } from './organize/routes.js';
import { changeRoutes } from './profile/change-routes.js';
import { leavingRoutes } from './profile/leaving/routes.js';
import { OwnRankings } from './profile/own-rankings.js';
import { ProgressTracker } from './profile/progress.js';
import { profileRoutes } from './profile/routes.js';
import { sharingRoutes } from './profile/sharing/routes.js';
import type { Boards } from './ranking/boards/board-loader.js';
import { embedRoutes } from './ranking/pages/embed-routes.js';
import { rankingRoutes } from './ranking/pages/ranking-routes.js';
import { thingRoutes } from './ranking/pages/thing-routes.js';
import { PREFIX, type Redis } from './redis.js';
import { colorRoutes, colorsUrl } from './site/color-routes.js';
import { manifestRoutes } from './site/manifest-routes.js';
import type { SiteSettings } from './site/site-settings.js';
import { BallotBox } from './voting/ballot-box.js';
import { guestRoutes } from './voting/guest-routes.js';
import { Hall } from './voting/hall.js';
import { notesRoutes } from './voting/notes-routes.js';
import { Queues } from './voting/queue.js';
import { votingRoutes } from './voting/routes.js';
import { suggestRoutes } from './voting/suggest-routes.js';
import { takeOverVotes } from './voting/take-over.js';

/** The services that the app needs. `server.ts` and the tests create them. */
interface AppDependencies {
  config: Config;
  db: Database;
  /** Undefined without Redis: session state and counters are then kept in this process. */
  redis: Redis | undefined;
  boards: Boards;
  settings: SiteSettings;
  passwords: Passwords;
  /** Log-outs that Postgres does not have yet; session maintenance writes them. */
  pendingRevocations: PendingRevocations;
  log: Logger;
  /** Begins every key in Redis; `thinga:` by default. */
  prefix?: string;
  /** Aborted when the process is asked to stop. The site is served for a while after that. */
  stopping?: AbortSignal;
}

/** Creates the site: first the middleware that every request passes, in order, and then the features. */
export function createApp(dependencies: AppDependencies): Express {
  const { config, db, redis, settings, log, prefix = PREFIX, stopping } = dependencies;
  const services = createServices(dependencies);
  const isForRoom = (slug: string): boolean =>
    (dependencies.boards.get(slug)?.topic.access ?? 'public') !== 'public';
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);
  app.set('view cache', config.production);
  app.set('query parser', 'simple');
  setSecureFromOrigin(app, config);
  app.locals.templates = loadTemplates(config.production);
  app.locals.assets = {
    app: assetFolderUrl('app'),
    styles: styleFolderUrl(),
    htmx: assetUrl('htmx.min.js'),
    sign: assetUrl('favicon.svg'),
  };

  showSettings(app, settings);
  settings.onChange(() => {
    showSettings(app, settings);
    services.prerendered.clear();
  });

  app.use(logRequests(log));
  if (config.metricsToken) app.use(measureRequests);
  app.use(warnOfProxy(config, log));
  app.use(services.prerendered.answer);
  app.use(pictureRoutes(services.pictures, services.headers));
  app.use(colorRoutes());
  app.use(manifestRoutes(services.settings));
  // Only a path with a file extension is looked up on the disk.
  app.get(/\.\w+$/, compression(), assets(services.headers));
  app.use(sendHeaders(services.headers));
  app.use(refuseNul);
  const sources = { config, db, redis, rankerWatch: new RankerWatch() };
  app.use(healthRoutes(readinessChecks(sources), stopping));
  if (config.metricsToken) app.use(metricsRoutes(config.metricsToken, sources));
  app.use(shedLoad(config, services.headers, log));
  app.use(findNetwork(config));
  app.use(refuseCrossSite(config.publicOrigin, services.onRefused));
  app.use(session(config, services.store));
  app.use(limitSessionGuesses(services.sessionGuesses));
  app.use(currentUser(db, config, services.store));
  app.use(readFlash);
  if (config.rateLimits) app.use(limitRates({ redis, prefix, factor: config.rateLimits, isForRoom }));
  app.use(limitBodyTime());
  // Organisers write long texts and many things.
  app.use(['/topics/new', '/topics/:slug/manage'], express.urlencoded({ extended: false, limit: '4mb' }));
  app.use(express.urlencoded({ extended: false, limit: '32kb' }));

  // The most requested pages come first, because Express asks one router after the other. Only a topic's own pages
  // must not take the address for a new one.
  app.use(votingRoutes(services));
  app.use(newTopicRoutes(services));
  app.use(rankingRoutes(services));
  app.use(thingRoutes(services));
  app.use(embedRoutes(services));
  app.use(suggestRoutes(services));
  app.use(notesRoutes(services));
  app.use(homeRoutes(services));
  app.use(guestRoutes(services));
  app.use(accountRoutes(services));
  app.use(sessionRoutes(services));
  app.use(recoveryRoutes(services));
  app.use(passkeyRoutes(services));
  app.use(nameRoutes(services));
  if (services.mail) app.use(emailRoutes(services, services.mail));
  app.use(leavingRoutes(services));
  app.use(apiRoutes(services));
  app.use(profileRoutes(services));
  app.use(changeRoutes(services));
  app.use(sharingRoutes(services));
  app.use(organizeRoutes(services));
  app.use(organizePictureRoutes(services));
  app.use(adminRoutes({ ...services, redis: dependencies.redis }));
  if (!config.production) app.use(componentRoutes());

  app.use(answerNotFound);
  app.use(answerErrors(log));
  return app;
}

/** Puts into the app what every page shows of the settings. */
function showSettings(app: Express, { current: { name, logo, colors } }: SiteSettings): void {
  app.locals.site = {
    name,
    logo: logo && pictureSources(logo).src,
    colors: colors && colorsUrl(colors),
  };
}

/** Creates the services of the features, and fills the hooks of the lower folders. */
function createServices({
  config,
  db,
  redis,
  boards,
  settings,
  passwords,
  log,
  pendingRevocations,
  prefix = PREFIX,
}: AppDependencies) {
  const { secrets } = config;
  const statePrefix = `${prefix}session:`;
  const store = new SessionStore({ db, redis, prefix: statePrefix, secrets, pendingRevocations, log });
  const queues = new Queues(redis, prefix);
  const rankings = new OwnRankings(db);
  const progress = new ProgressTracker({ db, boards, rankings, log });
  const headers = securityHeaders(config);
  const send = createMailer(config, log);
  const auth: AuthServices = {
    ...{ db, config, settings, passwords, store, pendingRevocations },
    throttle: new Throttle(redis, prefix),
    recoveryThrottle: new Throttle(redis, `${prefix}recovery:`),
    signUpLimit: config.rateLimits ? new SignUpLimit(redis, prefix) : undefined,
    sudo: new Sudo({ db, config, passwords, store, redis, prefix }),
    mail: send && new AccountMail({ db, config, settings, redis, prefix, send, log }),
    async onSignIn(req, res, { userId, isNew }) {
      const taken = await takeOverVotes(req, res, { db, config, queues, memberId: userId });
      // What was the own work of a guest is that of the member now.
      if (readGuest(req, config) !== undefined) await boards.refresh();
      return taken && `${isNew ? 'welcome' : 'logged-in'}-${taken}`;
    },
  };
  return {
    ...auth,
    ...{ boards, queues, rankings, headers },
    hall: new Hall(),
    pictures: new Pictures({ db, config, log }),
    sessionGuesses: createLimiter(redis, prefix, { name: 'session-guess', points: 100, duration: 600 }),
    codeGuesses: createLimiter(redis, prefix, { name: 'code-guess', points: 30, duration: 600 }),
    ballotBox: new BallotBox(db),
    prerendered: new PrerenderedPages(headers),
    progressOf: (...args: Parameters<ProgressTracker['of']>) => progress.of(...args),
    onRefused: (req: Request) =>
      recordEvent(db, { kind: 'cross-site', userId: null, sessionId: null, client: readClient(req) }),
  };
}
