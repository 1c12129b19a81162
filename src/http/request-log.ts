import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * Logs one line for each answer, without query strings and headers, so no id, cookie or form gets into a log.
 */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    if (!log.isLevelEnabled('info')) return next();
    const startedAt = performance.now();
    const { method, path } = req;
    res.on('close', () => {
      const ms = Math.round(performance.now() - startedAt);
      log.info({ method, path, status: res.statusCode, ms, cut: !res.writableFinished }, 'request');
    });
    next();
  };
}
