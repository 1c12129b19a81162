import { Router } from 'express';
import { boardOf, topicPath } from '../things/topics.js';
import { methodNotAllowed } from '../web/errors.js';
import { sendPage } from '../web/page.js';
import type { Boards } from './boards.js';
import { describe } from './words.js';

/** How many things a Top page shows. */
const TOP = 20;

/** The leaderboards. They come from memory, so they cost the same however many votes there are. */
export function rankingRoutes(boards: Boards): Router {
  const router = Router();
  router
    .route(['/top', '/topics/:slug/top'])
    .get((req, res) => {
      const board = boardOf(boards, req);
      const rows = board.standings.slice(0, TOP).map((standing) => ({ ...standing, ...describe(standing) }));
      const data = {
        topic: board.topic,
        path: topicPath(board.topic),
        rows,
        size: board.size,
        votes: board.votes,
      };
      sendPage(res, 'ranking/top', data, 'ranking/_table');
    })
    .all(methodNotAllowed);
  return router;
}
