import type { RequestHandler } from 'express';
import { notFound } from './problem.js';

/** Answers 404 to a path with a NUL character: no name holds one, and Postgres refuses it. @throws Problem 404 */
export const refuseNul: RequestHandler = (req, _res, next) => {
  if (req.path.includes('%00')) throw notFound();
  next();
};
