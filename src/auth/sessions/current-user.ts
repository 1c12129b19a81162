import type { Request, RequestHandler, Response } from 'express';
import type { Config } from '../../config.js';
import { type Database, isDatabaseUnavailable } from '../../database.js';
import { flash } from '../../http/flash.js';
import { localPath, localPathFromUrl } from '../../http/local-path.js';
import { isPoll } from '../../http/poll.js';
import { notFound } from '../../http/problem.js';
import type { EndReason } from '../../schema.js';
import { recordEvent } from '../audit/record-event.js';
import { readClient } from './client.js';
import { moveToNewestSecret } from './secret-rotation.js';
import type { SessionStore } from './session-store.js';
import { SessionValidator, touchSession, type User } from './session-validator.js';
import { hashSessionId, type LiveSession } from './sessions.js';

declare global {
  namespace Express {
    interface Locals {
      user?: User;
      session?: LiveSession;
      /**
       * Seconds until the session ends if the user does nothing more. Undefined for a session that is kept for
       * days.
       */
      sessionSeconds?: number;
      /** Why this browser's session has ended. Only the holder of its cookie may see it. */
      endReason?: EndReason;
      /** Why its account is disabled; undefined when it is not. */
      disabledReason?: string | null | undefined;
      /** Postgres could not say who the user is. A page that needs to know answers with this error. */
      sessionError?: unknown;
    }
  }
}

/**
 * Finds the user of a request. Redis says who it is, and one query asks Postgres whether the session is live.
 * State that Redis still holds of an ended session is removed. While Postgres is unavailable nobody counts as
 * logged in, and public pages go on. A page that polls moves no deadline.
 */
export function currentUser(db: Database, config: Config, store: SessionStore): RequestHandler {
  const validator = new SessionValidator(db, config);

  const acceptSession = async (req: Request, res: Response, session: LiveSession): Promise<void> => {
    res.setHeader('Cache-Control', 'no-store');
    const deadline = isPoll(req) ? undefined : await touchSession(db, session, config);
    if (deadline) await store.extend(req.sessionID, deadline);
    if (!session.remembered) tellTimeLeft(res, deadline ?? session.idleExpiresAt);
    await moveToNewestSecret(req, res, { db, config, session });
  };

  const rejectSession = async (
    req: Request,
    { userId, endedNow }: { userId: number | null; endedNow: boolean },
  ): Promise<void> => {
    // State that was rebuilt from the row of an ended session is not in Redis.
    if (req.session.ended) return;
    store.destroy(req.sessionID);
    // Redis still had the state of a session that had ended before, or that Postgres does not know.
    if (!endedNow) await recordEvent(db, { kind: 'drift', userId, sessionId: null, client: readClient(req) });
  };

  return async (req, res, next) => {
    const userId = req.session?.userId;
    if (userId === undefined) return next();
    try {
      const validation = await validator.validate(hashSessionId(req.sessionID), readClient(req));
      if (!validation) await rejectSession(req, { userId: null, endedNow: false });
      else if ('user' in validation) {
        Object.assign(res.locals, validation);
        await acceptSession(req, res, validation.session);
      } else {
        res.locals.endReason = validation.endReason;
        res.locals.disabledReason = validation.disabledReason;
        await rejectSession(req, { userId, endedNow: validation.endedNow });
      }
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      res.locals.sessionError = error;
    }
    next();
  };
}

// Pages and scripts need it, to warn people before they are logged out (WCAG 2.2.1).
function tellTimeLeft(res: Response, deadline: Date): void {
  const seconds = Math.max(Math.floor((deadline.getTime() - Date.now()) / 1000), 1);
  res.locals.sessionSeconds = seconds;
  res.setHeader('Thinga-Session-Seconds', String(seconds));
}

/**
 * Lets only logged-in users through. Others are sent to the log-in page, and return afterwards. htmx gets 401
 * with `HX-Redirect`, because it would put the log-in page into a part of the current page.
 */
export const requireUser: RequestHandler = (req, res, next) => {
  if (res.locals.user) return next();
  if (res.locals.sessionError) throw res.locals.sessionError;
  const from =
    req.method === 'GET' && !req.get('HX-Request') ? req.originalUrl : localPathFromUrl(req.get('Referer'));
  if (req.method !== 'GET') flash(res, 'not-logged-in');
  const login = from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`;
  if (req.get('HX-Request')) res.status(401).setHeader('HX-Redirect', login).end();
  else res.redirect(303, login);
};

/** Lets only logged-out visitors through. Logged-in users are sent to the page they wanted. */
export const requireLoggedOut: RequestHandler = (req, res, next) => {
  if (res.locals.user) res.redirect(303, localPath(req.query.next));
  else next();
};

/** The logged-in user. @throws Problem 404 on a route without `requireUser` */
export function userOf(res: { locals: Express.Locals }): User {
  if (!res.locals.user) throw notFound();
  return res.locals.user;
}
