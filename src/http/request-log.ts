import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** A path as logs have it: without the token of a personal link, of a link that gives a role or of one for a new password. */
export const loggedPath = (path: string): string =>
  path.replace(/^\/(join|roles|claim|reset|email\/confirm)\/.*/i, '/$1/…');

/**
 * Logs one line for each answer, without query strings and headers, so no id, cookie or form gets into a log.
 */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    if (!log.isLevelEnabled('info')) return next();
    const startedAt = performance.now();
    const { method } = req;
    const path = loggedPath(req.path);
    res.on('close', () => {
      const ms = Math.round(performance.now() - startedAt);
      log.info({ method, path, status: res.statusCode, ms, cut: !res.writableFinished }, 'request');
    });
    next();
  };
}
