import { Router } from 'express';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import {
  createRoleLink,
  findRoleLink,
  listRoleLinks,
  type RoleLink,
  revokeRoleLink,
  roleTokenOf,
  takeRoleLink,
} from '../catalog/role-links.js';
import { recordTopicEvent } from '../catalog/topic-events.js';
import { handOver, listPeople, mayDo, ROLES, removeRole } from '../catalog/topic-roles.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { keepSecret } from '../http/headers.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound, Problem } from '../http/problem.js';
import { hashToken } from '../tokens.js';
import { readFreshSeed, startFreshLinks } from './fresh-links.js';
import { backTo, managePage } from './manage-page.js';
import { organizedTopicOf, requireRole } from './require-role.js';

/** The page with the people who run a topic, and the links with which they become more. */
export function peopleRoutes(services: { db: Database; config: Config }): Router {
  const { db, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/manage/people')
    .get(requireRole(services, 'look'), async (req, res) => {
      const { topic, role } = organizedTopicOf(res);
      const mayOwn = mayDo(role, 'own');
      const links = mayOwn ? await listRoleLinks(db, topic.id) : [];
      keepSecret(res);
      sendPage(res, 'organize/people', {
        ...managePage(res),
        people: await listPeople(db, topic.id),
        you: userOf(res).id,
        mayOwn,
        links: links.map((link) => ({ ...link, url: freshUrl(link, readFreshSeed(req)) })),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/people/links')
    .post(requireRole(services, 'own'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const form = readForm(req, 'role');
      const role = ROLES.find((name) => name === form.role);
      if (!role) throw new Problem(422, 'No link was made', 'Go back and choose a role.');
      const seed = startFreshLinks(res);
      const link = { topicId: topic.id, userId: userOf(res).id, role, seed };
      await db.transaction().execute((trx) => createRoleLink(trx, link));
      await backTo(res, '/people', 'role-link-made');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/people/links/:id/off')
    .post(requireRole(services, 'own'), async (req, res) => {
      const link = { topicId: organizedTopicOf(res).topic.id, userId: userOf(res).id, id: idOf(req) };
      await db.transaction().execute((trx) => revokeRoleLink(trx, link));
      await backTo(res, '/people', 'role-link-off');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/people/:id/remove')
    // Everyone may leave.
    .post(requireRole(services, 'look'), async (req, res) => {
      const { topic, role } = organizedTopicOf(res);
      const [userId, you] = [idOf(req), userOf(res).id];
      if (userId !== you && !mayDo(role, 'own')) throw onlyOwners();
      const removed = await db.transaction().execute(async (trx) => {
        const was = await removeRole(trx, { topicId: topic.id, userId });
        if (was && was !== 'last owner')
          await recordTopicEvent(trx, {
            ...{ topicId: topic.id, userId: you, kind: userId === you ? 'left' : 'role removed' },
            details: { role: was },
          });
        return was;
      });
      if (!removed) throw notFound();
      if (removed === 'last owner') throw lastOwner();
      if (userId !== you) return backTo(res, '/people', 'role-removed');
      flash(res, 'role-left');
      return seeOther(res, '/topics');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/people/:id/hand-over')
    .post(requireRole(services, 'own'), async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const [from, to] = [userOf(res).id, idOf(req)];
      const isDone = await db.transaction().execute(async (trx) => {
        if (!(await handOver(trx, { topicId: topic.id, from, to }))) return false;
        await recordTopicEvent(trx, { topicId: topic.id, userId: from, kind: 'handed over' });
        return true;
      });
      if (!isDone) throw notFound();
      await backTo(res, '/people', 'handed-over');
    })
    .all(methodNotAllowed);

  router
    .route('/roles/:token')
    .get(async (req, res) => {
      keepSecret(res);
      const link = await findRoleLink(db, String(req.params.token));
      if (!link) throw linkGone();
      if (res.locals.sessionError) throw res.locals.sessionError;
      sendPage(res, 'organize/role-link', { link });
    })
    .post(requireUser, async (req, res) => {
      keepSecret(res);
      const take = { token: String(req.params.token), userId: userOf(res).id };
      const link = await db.transaction().execute((trx) => takeRoleLink(trx, take));
      if (!link) throw linkGone();
      flash(res, 'role-taken');
      await seeOther(res, `/topics/${link.slug}/manage`);
    })
    .all(methodNotAllowed);

  /** The address of a link that this browser has just made. */
  function freshUrl({ id, tokenHash }: RoleLink, seed: string | undefined): string | undefined {
    const token = seed && roleTokenOf(seed, id);
    return token && hashToken(token) === tokenHash ? `${config.publicOrigin}/roles/${token}` : undefined;
  }

  return router;
}

/** @throws Problem 404 when the address has no id */
function idOf({ params }: { params: Record<string, unknown> }): number {
  if (!/^[1-9]\d{0,14}$/.test(String(params.id))) throw notFound();
  return Number(params.id);
}

const onlyOwners = (): Problem =>
  new Problem(403, 'Your role doesn’t allow that', 'Only an owner of this topic can remove other people.');

const lastOwner = (): Problem =>
  new Problem(409, 'A topic needs an owner', 'Hand the topic over to someone else first.');

const linkGone = (): Problem =>
  new Problem(
    404,
    'This link doesn’t work any more',
    'It works once, and for seven days. Ask for a new one.',
  );
