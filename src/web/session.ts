import { randomBytes } from 'node:crypto';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import expressSession from 'express-session';
import type { Config } from '../config.js';
import { isDatabaseAway } from '../database.js';
import type { RecordedStore } from '../sessions/store.js';

/** The session cookie's name: browsers accept `__Host-` only over https, for this host and with no Domain. */
export const sessionCookieName = (https: boolean): string => (https ? '__Host-thinga' : 'thinga');

/** What the session cookie always is; nothing can configure httpOnly or SameSite away. */
export const sessionCookie = (https: boolean) =>
  ({ httpOnly: true, sameSite: 'lax', secure: https, path: '/' }) as const;

/**
 * Finds the session that a request's cookie stands for. Visitors without one get none: nothing is stored and no
 * cookie is set until somebody logs in.
 */
export function session(config: Config, store: RecordedStore): (RequestHandler | ErrorRequestHandler)[] {
  const https = config.publicOrigin.startsWith('https:');
  // The public origin says whether people reach this site over https. express-session would otherwise believe
  // the proxy's header, and silently set no cookie when that is missing.
  const believeOrigin: RequestHandler = (req, _res, next) => {
    Object.defineProperty(req, 'secure', { value: https, configurable: true });
    next();
  };
  const find = expressSession({
    name: sessionCookieName(https),
    secret: config.secrets,
    store,
    genid: () => randomBytes(32).toString('base64url'),
    cookie: sessionCookie(https),
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
