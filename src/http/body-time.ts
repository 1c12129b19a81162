import type { RequestHandler } from 'express';

const BODY_MS = 60_000;

/**
 * Ends the connection of a form that takes too long to arrive, as when somebody sends a byte at a time to keep
 * connections busy. Members may send files, which have the longer limit of the server.
 * @param milliseconds from the headers to the end of the form
 */
export function limitBodyTime(milliseconds = BODY_MS): RequestHandler {
  return (req, res, next) => {
    const hasFiles = Boolean(res.locals.user) && Boolean(req.is('multipart/form-data'));
    if (req.complete || hasFiles || req.method === 'GET' || req.method === 'HEAD') return next();
    const timer = setTimeout(() => req.destroy(), milliseconds);
    req.once('close', () => clearTimeout(timer)).once('end', () => clearTimeout(timer));
    next();
  };
}
