import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** A path as logs have it: without the token of a personal link, of a link that gives a role or of one for a new password. */
export const loggedPath = (path: string): string =>
  path.replace(/^\/(join|roles|claim|reset|email\/confirm)\/.*/i, '/$1/…');

declare global {
  namespace Express {
    interface Locals {
      /** Names the request in the log and on the page about an error: twelve random digits (hexadecimal). */
      requestId: string;
    }
  }
}

/**
 * Gives each request an id, and logs one line for each answer, without query strings and headers, so no cookie or form
 * gets into a log. The page about an error shows the id.
 */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    // The last part of a random UUID. Node keeps random bytes for these ready.
    const id = randomUUID().slice(-12);
    res.locals.requestId = id;
    if (!log.isLevelEnabled('info')) return next();
    const startedAt = performance.now();
    const { method } = req;
    const path = loggedPath(req.path);
    res.on('close', () => {
      const ms = Math.round(performance.now() - startedAt);
      log.info({ id, method, path, status: res.statusCode, ms, cut: !res.writableFinished }, 'request');
    });
    next();
  };
}
