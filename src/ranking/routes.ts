import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type RequestHandler, Router } from 'express';
import type { Database } from '../database.js';
import { boardOf, topicPath } from '../things/topics.js';
import { methodNotAllowed } from '../web/errors.js';
import { sendPage, wantsPart } from '../web/page.js';
import { entityTag, sendUnchanged } from '../web/unchanged.js';
import type { Board, Standing } from './board.js';
import type { Boards } from './boards.js';
import { TOP } from './calculations.js';
import { publishedData } from './published.js';
import { type Description, describe, settledness } from './words.js';

/** The leaderboards, which come from memory and so cost the same however many votes there are; how; and the data. */
export function rankingRoutes(db: Database, boards: Boards): Router {
  const router = Router();
  router
    .route(['/top', '/topics/:slug/top'])
    .get((req, res) => {
      const board = boardOf(boards, req);
      const { topic, version, votes } = board;
      // The table is the same for everybody, so what it shows is said by the topic and how often its board has moved.
      const state = `${topic.id}-${version}`;
      if (wantsPart(res) && sendUnchanged(res, state)) return;
      const rows = rowsOf(board, board.standings.slice(0, TOP));
      const data = { ...about(board), rows, votes, settled: settledness(board), tag: entityTag(state) };
      sendPage(res, 'ranking/top', data, 'ranking/_table');
    })
    .all(methodNotAllowed);

  router
    .route('/how')
    .get((_req, res) => {
      const topics = boards.listed().map(({ topic, size, votes, fit }) => ({ ...topic, size, votes, fit }));
      sendPage(res, 'ranking/how', { topics });
    })
    .all(methodNotAllowed);

  router.route('/topics/:slug/data.json').get(sendData(db, boards)).all(methodNotAllowed);
  return router;
}

const about = ({ topic, size }: Board) => ({ topic, path: topicPath(topic), size, top: TOP });

function rowsOf(board: Board, standings: readonly Standing[]): (Standing & Description)[] {
  return standings.map((standing) => ({ ...standing, ...describe(standing, board) }));
}

function sendData(db: Database, boards: Boards): RequestHandler {
  return async (req, res) => {
    const board = boardOf(boards, req);
    const parts = publishedData(db, board);
    // Asked for before the answer begins, so that a database that is away is told as such.
    const { value: head = '' } = await parts.next();
    res.attachment(`thinga-${board.topic.slug}.json`).type('json');
    async function* all(): AsyncGenerator<string> {
      yield head;
      yield* parts;
    }
    await pipeline(Readable.from(all()), res);
  };
}
