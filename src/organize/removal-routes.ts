import { Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { copyTopic } from '../catalog/copy-topic.js';
import { deleteTopic, restorableUntil, restoreTopic } from '../catalog/remove-topic.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { seeOther, sendPage } from '../http/page.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { backTo, managePage } from './manage-page.js';
import { limitTopics } from './new-topic.js';
import { organizedTopicOf, requireRole } from './require-role.js';

/** The pages on which a topic is copied, deleted and restored. */
export function removalRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards, config } = services;
  const router = Router();
  const whole = { deleted: true };

  router
    .route('/topics/:slug/manage/copy')
    .get(requireRole(services, 'run'), (_req, res) => sendPage(res, 'organize/copy', managePage(res)))
    .post(requireRole(services, 'run'), async (_req, res) => {
      const { topic } = organizedTopicOf(res);
      const ownerId = userOf(res).id;
      const copy = await db.transaction().execute(async (trx) => {
        await limitTopics(trx, config, ownerId);
        return copyTopic(trx, { topic, ownerId });
      });
      await boards.refresh();
      flash(res, 'topic-copied');
      await seeOther(res, `/topics/${copy.slug}/manage`);
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/delete')
    .get(requireRole(services, 'own'), (_req, res) => sendPage(res, 'organize/delete', managePage(res)))
    .post(requireRole(services, 'own'), async (_req, res) => {
      const actor = { topicId: organizedTopicOf(res).topic.id, userId: userOf(res).id };
      await db.transaction().execute((trx) => deleteTopic(trx, actor));
      await boards.refresh();
      await backTo(res, '/restore', 'topic-deleted');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/restore')
    .get(requireRole(services, 'own', whole), (_req, res) => {
      const { deletedAt } = organizedTopicOf(res).topic;
      if (!deletedAt) return res.redirect(303, managePage(res).manage);
      return sendPage(res, 'organize/restore', { ...managePage(res), until: restorableUntil(deletedAt) });
    })
    .post(requireRole(services, 'own', whole), async (_req, res) => {
      const actor = { topicId: organizedTopicOf(res).topic.id, userId: userOf(res).id };
      await db.transaction().execute((trx) => restoreTopic(trx, actor));
      await boards.refresh();
      await backTo(res, '', 'topic-restored');
    })
    .all(methodNotAllowed);

  return router;
}
