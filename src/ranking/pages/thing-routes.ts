import { type Request, type Response, Router } from 'express';
import { parseThingId } from '../../catalog/things.js';
import { thingsPath } from '../../catalog/topics.js';
import { methodNotAllowed } from '../../http/errors.js';
import { notFound } from '../../http/problem.js';
import { SharedReads } from '../../http/shared-reads.js';
import { type TopicVisit, visitBoard, visitTopic } from '../boards/visit-topic.js';
import { sendHidden } from './hidden-page.js';
import type { RankingServices } from './pages.js';
import { readThingPage, type ThingPageState } from './thing-page.js';

/** The page of each thing. Those of a topic that is not public are below the address of their topic. */
export function thingRoutes(services: RankingServices): Router {
  const { db, boards, prerendered } = services;
  const router = Router();
  const pages = new SharedReads<number, ThingPageState>(
    (id) => boards.byThing(id)?.loadedAt,
    async (id) => {
      const board = boards.byThing(id);
      if (!board) throw notFound();
      return readThingPage(db, board, id);
    },
  );

  router
    .route('/things/:id')
    .get(async (req, res) => {
      // The boards in memory have all things, so a made-up id costs no query.
      const id = idOf(req);
      const board = boards.byThing(id);
      if (board?.topic.access !== 'public') throw notFound();
      await sendThing(res, id, await visitBoard(services, board, res));
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/things/:id')
    .get(async (req, res) => {
      const id = idOf(req);
      const visit = await visitTopic(services, req, res);
      const { board } = visit;
      if (boards.byThing(id) !== board || board.topic.access === 'public') throw notFound();
      await sendThing(res, id, visit);
    })
    .all(methodNotAllowed);

  async function sendThing(res: Response, id: number, visit: TopicVisit): Promise<void> {
    if (visit.hidden) return sendHidden(res, visit);
    const { topic } = visit.board;
    const state = await pages.get(id);
    const isCurrent = () => pages.has(id, state) && boards.byThing(id)?.topic === topic;
    const path = `${thingsPath(topic)}/${id}`;
    prerendered.send(res, state, { ...state, path, isCurrent, isForEveryone: visit.isForEveryone });
  }

  return router;
}

/** @throws Problem 404 when the address has no id */
function idOf(req: Request): number {
  const id = parseThingId(req.params.id);
  if (id === undefined) throw notFound();
  return id;
}
