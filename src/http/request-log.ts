import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** Logs one line an answer. Without query strings and headers: no id, cookie or form gets into a log. */
export function logRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    if (!log.isLevelEnabled('info')) return next();
    const began = performance.now();
    const { method, path } = req;
    res.on('close', () => {
      const ms = Math.round(performance.now() - began);
      log.info({ method, path, status: res.statusCode, ms, cut: !res.writableFinished }, 'request');
    });
    next();
  };
}
