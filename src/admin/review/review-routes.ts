import { type Response, Router } from 'express';
import { userOf } from '../../auth/sessions/current-user.js';
import { openFlags } from '../../catalog/flags.js';
import { NearNames } from '../../catalog/near-names.js';
import { openSuggestions } from '../../catalog/suggestions.js';
import type { Config } from '../../config.js';
import type { Database } from '../../database.js';
import { methodNotAllowed } from '../../http/errors.js';
import { readForm } from '../../http/form.js';
import { sendPage } from '../../http/page.js';
import type { ReviewForm } from '../../organize/pages.js';
import { DECISION_FIELDS, formOf } from '../../organize/review.js';
import type { Boards } from '../../ranking/boards/board-loader.js';
import { backTo, idOf } from '../admin-page.js';
import { requireAdmin } from '../require-admin.js';
import { closeFlagAnywhere, decideAnywhere } from './decide.js';

/** What voters of all topics proposed and flagged, in one list. */
export function reviewRoutes(services: { db: Database; boards: Boards; config: Config }): Router {
  const { db, boards } = services;
  const router = Router();

  router
    .route('/admin/review')
    .get(requireAdmin, (_req, res) => showQueue(res))
    .all(methodNotAllowed);

  router
    .route('/admin/review/suggestions/:id')
    .post(requireAdmin, async (req, res) => {
      const suggestionId = idOf(req);
      const form = readForm(req, ...DECISION_FIELDS);
      const error = await decideAnywhere(services, { suggestionId, userId: userOf(res).id }, form);
      if (error) return showQueue(res.status(422), { ...form, suggestionId, error });
      return backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  router
    .route('/admin/review/flags/:id')
    .post(requireAdmin, async (req, res) => {
      await closeFlagAnywhere(db, { flagId: idOf(req), userId: userOf(res).id });
      await backTo(res, '/review', 'decided');
    })
    .all(methodNotAllowed);

  /** @param form what was typed for one of the suggestions, and what is wrong with it */
  async function showQueue(res: Response, form?: ReviewForm): Promise<void> {
    const [suggestions, flags] = await Promise.all([openSuggestions(db), openFlags(db)]);
    const names = new Map<number, NearNames>();
    sendPage(res, 'admin/review', {
      flags,
      suggestions: suggestions.map((one) => {
        const near = names.get(one.topicId) ?? new NearNames(namesIn(boards, one.topicId));
        names.set(one.topicId, near);
        return {
          ...{ id: one.id, proposed: one.name, by: one.username, at: one.createdAt },
          topic: { id: one.topicId, title: one.topicTitle },
          similar: near.like(one.name, 0.3),
          form: form?.suggestionId === one.id ? form : formOf(one),
        };
      }),
    });
  }

  return router;
}

const namesIn = (boards: Boards, topicId: number): string[] =>
  boards.byTopic(topicId)?.standings.map(({ name }) => name) ?? [];
