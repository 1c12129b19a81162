import { Router } from 'express';
import type { Database } from '../database.js';
import type { Boards } from '../ranking/boards.js';
import { methodNotAllowed } from '../web/errors.js';
import { sendPage } from '../web/page.js';
import type { PrerenderedPages } from '../web/prerendered.js';
import { notFound } from '../web/problem.js';
import { SharedReads } from '../web/shared-reads.js';
import { readThingPage, type ThingPage } from './thing-page.js';
import { readThingId } from './things.js';
import { boardOf, topicPath } from './topics.js';

/** The list of topics, and a page for each thing. */
export function thingRoutes(db: Database, boards: Boards, prerendered: PrerenderedPages): Router {
  const router = Router();
  const pages = new SharedReads<number, ThingPage>(
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
      sendPage(res, 'things/topics', { topics });
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
      const { template, data } = shown;
      const isCurrent = () => pages.has(id, shown);
      prerendered.send(res, shown, { path: `/things/${id}`, page: template, read: () => data, isCurrent });
    })
    .all(methodNotAllowed);

  return router;
}
