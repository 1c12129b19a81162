import type { Request, RequestHandler, Response } from 'express';
import { requestSeconds, requests } from '../metrics.js';

/** Counts each answer and its time by the pattern of its route, never by its path: a path can hold a secret. */
export const measureRequests: RequestHandler = (req, res, next) => {
  const startedAt = performance.now();
  const { method } = req;
  res.on('close', () => {
    const route = routeOf(req, res);
    requests.inc({ method, route, status: res.statusCode });
    requestSeconds.observe({ method, route }, (performance.now() - startedAt) / 1_000);
  });
  next();
};

function routeOf(req: Request, res: Response): string {
  if (res.locals.isPrerendered) return 'prerendered';
  const path: unknown = req.route?.path;
  if (path === undefined) return 'none';
  const pattern: unknown = Array.isArray(path) ? path[0] : path;
  return typeof pattern === 'string' ? pattern : 'file';
}
