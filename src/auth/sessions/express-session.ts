import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, Express, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { Config } from '../../config.js';
import { isDatabaseAway } from '../../database.js';
import { cookieName, cookieOptions } from '../../http/cookies.js';
import type { RecordedStore } from './store.js';

/**
 * Finds the session that a request's cookie stands for. Visitors without one get none: nothing is stored and no
 * cookie is set until somebody logs in.
 */
export function session(config: Config, store: RecordedStore): (RequestHandler | ErrorRequestHandler)[] {
  const https = isHttps(config);
  const find = expressSession({
    name: cookieName('thinga', https),
    secret: config.secrets,
    store,
    genid: () => randomBytes(32).toString('base64url'),
    cookie: cookieOptions(https),
    resave: false,
    saveUninitialized: false,
    rolling: false,
  });
  return [find, goOnWithoutRecord];
}

/**
 * Lets the public origin say whether people reach this site over https. Otherwise a proxy's header would decide it:
 * without that header express-session sets no cookie, and cookies.ts takes the wrong name.
 */
export function believeOrigin(app: Express, config: Config): void {
  Object.defineProperty(app.request, 'secure', { value: isHttps(config) });
}

const isHttps = ({ publicOrigin }: Config): boolean => publicOrigin.startsWith('https:');

// With the record away nobody is taken for anybody, and pages that need nobody go on.
const goOnWithoutRecord: ErrorRequestHandler = (error, _req, res, next) => {
  if (!isDatabaseAway(error)) return next(error);
  res.locals.unknownBecause = error;
  next();
};
