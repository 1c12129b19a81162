import type { RequestHandler } from 'express';
import { requireUser } from '../auth/sessions/current-user.js';
import { notFound } from '../http/problem.js';

/**
 * Lets only admins through. A visitor logs in first, as for the pages of organisers: an admin whose session has ended
 * must find the way back, and that there are such pages is no secret. A member gets 404, so that nobody learns who the
 * admins are. The role comes from Postgres with each request.
 */
export const requireAdmin: RequestHandler = (req, res, next) => {
  if (!res.locals.user) return void requireUser(req, res, next);
  if (res.locals.user.role !== 'admin') throw notFound();
  res.setHeader('X-Robots-Tag', 'noindex');
  next();
};
