import { Router } from 'express';
import { parseThingId } from '../../catalog/things.js';
import { methodNotAllowed } from '../../http/errors.js';
import { notFound } from '../../http/problem.js';
import { SharedReads } from '../../http/shared-reads.js';
import type { RankingServices } from './pages.js';
import { readThingPage, type ThingPageState } from './thing-page.js';

/** The page of each thing. */
export function thingRoutes({ db, boards, prerendered }: RankingServices): Router {
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
      const id = parseThingId(req.params.id);
      // The boards in memory have all things, so a made-up id costs no query.
      if (id === undefined || !boards.byThing(id)) throw notFound();
      const state = await pages.get(id);
      const isCurrent = () => pages.has(id, state);
      prerendered.send(res, state, { ...state, path: `/things/${id}`, isCurrent });
    })
    .all(methodNotAllowed);

  return router;
}
