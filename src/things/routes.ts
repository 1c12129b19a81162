import { Router } from 'express';
import type { Database } from '../database.js';
import type { Boards } from '../ranking/boards.js';
import { placesOverTime } from '../ranking/history.js';
import { pageOf } from '../ranking/listing.js';
import { describe } from '../ranking/words.js';
import { methodNotAllowed } from '../web/errors.js';
import { sendPage } from '../web/page.js';
import { notFound } from '../web/problem.js';
import { chartOf } from './chart.js';
import { headToHead, SURPRISE_FROM } from './meetings.js';
import { findThing } from './things.js';
import { boardOf, topicPath } from './topics.js';

/** The list of topics, and a page for each thing. */
export function thingRoutes(db: Database, boards: Boards): Router {
  const router = Router();

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
      const thing = await findThing(db, String(req.params.id));
      if (!thing) throw notFound();
      const board = boards.byTopic(thing.topicId);
      const past = await placesOverTime(db, thing.id);
      const standing = board?.find(thing.id);
      if (!board || !standing) {
        const about = board && { topic: board.topic, path: topicPath(board.topic) };
        return sendPage(res, 'things/retired', {
          ...about,
          thing,
          chart: chartOf(past, undefined, board?.size ?? 0),
        });
      }
      const { rank, low, high } = standing;
      const data = {
        ...describe(standing, board),
        record: await headToHead(db, board, standing),
        chart: chartOf(past, { at: new Date(), rank, low, high }, board.size),
        neighbours: [board.standings[rank - 2], board.standings[rank]],
        size: board.size,
        path: topicPath(board.topic),
        inRanking: `${topicPath(board.topic)}/ranking?page=${pageOf(rank)}#thing-${thing.id}`,
      };
      sendPage(res, 'things/thing', {
        thing,
        standing,
        topic: board.topic,
        surpriseFrom: SURPRISE_FROM,
        ...data,
      });
    })
    .all(methodNotAllowed);

  return router;
}
