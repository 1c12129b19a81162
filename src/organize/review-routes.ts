import { type Request, type Response, Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import { closeFlag, openFlags } from '../catalog/flags.js';
import { NearNames } from '../catalog/near-names.js';
import { openSuggestions } from '../catalog/suggestions.js';
import { parseThingId } from '../catalog/things.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { backTo, closedError, managePage } from './manage-page.js';
import type { ReviewForm } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { DECISION_FIELDS, decideByForm, formOf } from './review.js';

/** The queue of what voters proposed and flagged, for those who run the topic. */
export function reviewRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards } = services;
  const router = Router();
  const mayRun = requireRole(services, 'run');

  router
    .route('/topics/:slug/manage/review')
    .get(mayRun, (_req, res) => showQueue(res))
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/review/suggestions/:id')
    .post(mayRun, async (req, res) => {
      const { topic } = organizedTopicOf(res);
      const suggestionId = idOf(req);
      const form = readForm(req, ...DECISION_FIELDS);
      const act = { topicId: topic.id, suggestionId, userId: userOf(res).id };
      const error = closedError(res) ?? (await decideByForm(services, act, form));
      if (error) return showQueue(res.status(422), { ...form, suggestionId, error });
      await backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/review/flags/:id')
    .post(mayRun, async (req, res) => {
      const act = { topicId: organizedTopicOf(res).topic.id, flagId: idOf(req), userId: userOf(res).id };
      await db.transaction().execute((trx) => closeFlag(trx, act));
      await backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  /** @param form what was typed for one of the suggestions, and what is wrong with it */
  async function showQueue(res: Response, form?: ReviewForm): Promise<void> {
    const { topic } = organizedTopicOf(res);
    const [suggestions, flags] = await Promise.all([openSuggestions(db, topic.id), openFlags(db, topic.id)]);
    const names = new NearNames(boards.byTopic(topic.id)?.standings.map(({ name }) => name) ?? []);
    sendPage(res, 'organize/review', {
      ...{ ...managePage(res), flags },
      suggestions: suggestions.map((one) => ({
        ...{ id: one.id, proposed: one.name, by: one.username, at: one.createdAt },
        ...{ similar: names.like(one.name, 0.3), topic: undefined },
        form: form?.suggestionId === one.id ? form : formOf(one),
      })),
    });
  }

  return router;
}

/** @throws Problem 404 when the address has no id */
function idOf(req: Request): number {
  const id = parseThingId(req.params.id);
  if (id === undefined) throw notFound();
  return id;
}
