import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { Config } from '../config.js';
import { isDatabaseAway } from '../database.js';
import type { RecordedStore } from '../sessions/store.js';
import { cookieName, cookieOptions } from './cookies.js';

/**
 * Finds the session that a request's cookie stands for. Visitors without one get none: nothing is stored and no
 * cookie is set until somebody logs in.
 */
export function session(config: Config, store: RecordedStore): (RequestHandler | ErrorRequestHandler)[] {
  const https = config.publicOrigin.startsWith('https:');
  // The public origin says whether people reach this site over https. Otherwise a proxy's header would decide it:
  // without that header express-session sets no cookie, and cookies.ts takes the wrong name.
  const believeOrigin: RequestHandler = (req, _res, next) => {
    Object.defineProperty(req, 'secure', { value: https, configurable: true });
    next();
  };
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
  return [believeOrigin, find, goOnWithoutRecord];
}

// With the record away nobody is taken for anybody, and pages that need nobody go on.
const goOnWithoutRecord: ErrorRequestHandler = (error, _req, res, next) => {
  if (!isDatabaseAway(error)) return next(error);
  res.locals.unknownBecause = error;
  next();
};
