import { Router } from 'express';
import { readThingId } from '../../catalog/things.js';
import { topicPath } from '../../catalog/topics.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import { SharedReads } from '../../http/shared-reads.js';
import { boardOf } from '../boards/find-board.js';
import type { RankingServices } from './pages.js';
import { type ReadyPage, readThingPage } from './thing-page.js';

/** The list of topics, and a page for each thing. */
export function thingRoutes({ db, boards, prerendered }: RankingServices): Router {
  const router = Router();
  const pages = new SharedReads<number, ReadyPage>(
    (id) => boards.ofThing(id)?.loadedAt,
    async (id) => {
      const board = boards.ofThing(id);
      if (!board) throw notFound();
      return readThingPage(db, board, id);
    },
  );

  router
    .route('/topics')
    .get((_req, res) => {
      const topics = boards.listed().map((board) => ({
        ...board.topic,
        path: topicPath(board.topic),
        size: board.size,
        votes: board.votes,
        leaders: board.standings.slice(0, 3),
      }));
      sendPage(res, 'ranking/topics', { topics });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug')
    .get((req, res) => res.redirect(303, `${topicPath(boardOf(boards, req).topic)}/top`))
    .all(methodNotAllowed);

  router
    .route('/things/:id')
    .get(async (req, res) => {
      const id = readThingId(req.params.id);
      // The boards know every thing, so that ids that somebody makes up cost no query.
      if (id === undefined || !boards.ofThing(id)) throw notFound();
      const shown = await pages.get(id);
      const isCurrent = () => pages.has(id, shown);
      prerendered.send(res, shown, { ...shown, path: `/things/${id}`, isCurrent });
    })
    .all(methodNotAllowed);

  return router;
}
