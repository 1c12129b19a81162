import type { RequestHandler } from 'express';
import type { Config } from '../../config.js';
import { type Database, isDatabaseAway } from '../../database.js';
import { flash } from '../../http/flash.js';
import { localPath, localPathOf } from '../../http/local-path.js';
import { isPoll } from '../../http/poll.js';
import { notFound } from '../../http/problem.js';
import type { EndReason } from '../../schema.js';
import { readClient } from './client.js';
import { carryOver } from './secret-rotation.js';
import { hashSessionId, type LiveSession, recordEvent } from './sessions.js';
import type { RecordedStore } from './store.js';
import { touchSession, type User, Verdicts } from './verdict.js';

declare global {
  namespace Express {
    interface Locals {
      user?: User;
      session?: LiveSession;
      /** Why the session of this browser ended, for its holder to read. */
      endReason?: EndReason;
      /** The record could not be asked; whoever needs to know who this is gets this error. */
      unknownBecause?: unknown;
    }
  }
}

/**
 * Finds out who is calling: Redis says who, the record in Postgres says whether (one query). What Redis still
 * holds of a session that the record has ended is removed. While Postgres is away nobody is taken for anybody,
 * and pages that need nobody go on. A page that asks by itself for news moves no deadline.
 */
export function currentUser(db: Database, config: Config, store: RecordedStore): RequestHandler {
  const verdicts = new Verdicts(db, config);
  return async (req, res, next) => {
    if (req.session?.userId === undefined) return next();
    const client = readClient(req);
    const key = hashSessionId(req.sessionID);
    try {
      const verdict = await verdicts.of(key, client);
      if (verdict && 'user' in verdict) {
        Object.assign(res.locals, verdict);
        res.setHeader('Cache-Control', 'no-store');
        const until = isPoll(req) ? undefined : await touchSession(db, verdict.session, config);
        if (until) await store.extend(req.sessionID, until);
        await carryOver(req, res, db, config, verdict.session);
      } else {
        if (verdict) res.locals.endReason = verdict.ended;
        if (!req.session.ended) {
          store.destroy(req.sessionID);
          if (!verdict?.justNow) {
            const userId = verdict ? req.session.userId : null;
            await recordEvent(db, { kind: 'drift', userId, sessionId: null, client });
          }
        }
      }
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      res.locals.unknownBecause = error;
    }
    next();
  };
}

/**
 * Lets only signed-in people through. Others are sent to log in and come back; htmx is told with 401 and
 * `HX-Redirect`, because it would put the log-in page into the part it replaces.
 */
export const requireUser: RequestHandler = (req, res, next) => {
  if (res.locals.user) return next();
  if (res.locals.unknownBecause) throw res.locals.unknownBecause;
  const from =
    req.method === 'GET' && !req.get('HX-Request') ? req.originalUrl : localPathOf(req.get('Referer'));
  if (req.method !== 'GET') flash(res, 'not-logged-in');
  const login = from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`;
  if (req.get('HX-Request')) res.status(401).setHeader('HX-Redirect', login).end();
  else res.redirect(303, login);
};

/** Lets only signed-out people through; others are where they wanted to go already. */
export const requireGuest: RequestHandler = (req, res, next) => {
  if (res.locals.user) res.redirect(303, localPath(req.query.next));
  else next();
};

/** The signed-in person. @throws Problem 404 on a route that did not require one */
export function userOf(res: { locals: Express.Locals }): User {
  if (!res.locals.user) throw notFound();
  return res.locals.user;
}
