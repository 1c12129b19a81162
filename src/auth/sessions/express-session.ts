import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { Config } from '../../config.js';
import { isDatabaseUnavailable } from '../../database.js';
import { cookieName, cookieOptions } from '../../http/cookies.js';
import type { SessionStore } from './session-store.js';

/**
 * Loads the session that belongs to a request's cookie. A visitor without a session gets none: nothing is
 * stored and no cookie is set before a log-in.
 */
export function session(config: Config, store: SessionStore): (RequestHandler | ErrorRequestHandler)[] {
  const https = isHttps(config);
  const loadSession = expressSession({
    name: cookieName('thinga', https),
    secret: config.secrets,
    store,
    genid: () => randomBytes(32).toString('base64url'),
    cookie: cookieOptions(https),
    resave: false,
    saveUninitialized: false,
    rolling: false,
  });
  return [loadSession, continueWithoutDatabase];
}

/**
 * Sets `req.secure` from the public origin, not from a proxy's header. If a proxy forgot that header,
 * express-session would set no cookie, and cookies.ts would use the wrong cookie name.
 */
export function setSecureFromOrigin(app: Express, config: Config): void {
  Object.defineProperty(app.request, 'secure', { value: isHttps(config) });
}

const isHttps = ({ publicOrigin }: Config): boolean => publicOrigin.startsWith('https:');

// While Postgres is unavailable nobody counts as logged in. Public pages go on.
// biome-ignore lint/complexity/useMaxParams: Express tells an error handler by its four parameters.
const continueWithoutDatabase: ErrorRequestHandler = (error, _req, res, next) => {
  if (!isDatabaseUnavailable(error)) return next(error);
  res.locals.sessionError = error;
  next();
};
