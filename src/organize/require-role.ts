import type { RequestHandler } from 'express';
import { requireUser } from '../auth/sessions/current-user.js';
import { findOrganizedTopic, type OrganizedTopic } from '../catalog/organized-topic.js';
import { restorableUntil } from '../catalog/remove-topic.js';
import { mayDo, type TopicAct } from '../catalog/topic-roles.js';
import type { Database } from '../database.js';
import { notFound, Problem } from '../http/problem.js';

declare global {
  namespace Express {
    /** The topic of a page for organisers, and the role of the user in it. */
    interface Locals extends Partial<OrganizedTopic> {}
  }
}

/**
 * Lets only those through whose role in the topic of the address (`:slug`) allows an act. Puts the topic and the role
 * into `res.locals`. Visitors log in first. A stranger gets 404, as for a topic that does not exist. Somebody whose role
 * allows less gets 403.
 * @param options `deleted` also lets through to a topic that was deleted less than a week ago
 */
export function requireRole(
  { db }: { db: Database },
  act: TopicAct,
  { deleted = false } = {},
): RequestHandler {
  return async (req, res, next) => {
    if (!res.locals.user) return void requireUser(req, res, next);
    const found = await findOrganizedTopic(db, {
      slug: String(req.params.slug),
      userId: res.locals.user.id,
    });
    if (!found || !isThere(found.topic.deletedAt, deleted)) throw notFound();
    if (!mayDo(found.role, act)) throw notAllowed();
    Object.assign(res.locals, found);
    next();
  };
}

/** The topic and the role that `requireRole` found. @throws Error on a route without `requireRole` */
export function organizedTopicOf({ locals: { topic, role } }: { locals: Express.Locals }): OrganizedTopic {
  if (!topic || !role) throw new Error('requireRole must come before a handler that needs the topic');
  return { topic, role };
}

const isThere = (deletedAt: Date | null, deleted: boolean): boolean =>
  !deletedAt || (deleted && restorableUntil(deletedAt) > new Date());

const notAllowed = (): Problem =>
  new Problem(403, 'Your role doesn’t allow that', 'Ask an owner of this topic to change your role.');
