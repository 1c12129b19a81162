import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type RequestHandler, Router } from 'express';
import { topicPath } from '../../catalog/topics.js';
import type { Database } from '../../database.js';
import { entityTag, sendUnchanged } from '../../http/conditional-get.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage, wantsPart } from '../../http/page.js';
import { Problem } from '../../http/problem.js';
import type { Board, Standing } from '../boards/board.js';
import type { Boards } from '../boards/board-loader.js';
import { type Description, describe, settledness } from '../boards/describe.js';
import { boardOf, findBoard } from '../boards/find-board.js';
import { TOP } from '../math/top-threshold.js';
import { findSnapshot, readSnapshot } from '../ranker/snapshots.js';
import { type Listing, listStandings, pageNumbers, readSearch } from './leaderboard.js';
import type { RankingServices } from './pages.js';

/** The leaderboards, which come from memory and so cost the same however many votes there are; how; and the data. */
export function rankingRoutes({ db, boards, prerendered }: RankingServices): Router {
  const router = Router();
  router
    .route(['/top', '/topics/:slug/top'])
    .get((req, res) => {
      const board = boardOf(boards, req);
      const { topic, version, votes } = board;
      // The table is the same for everybody, so what it shows is said by the topic and how often its board has moved.
      const state = `${topic.id}-${version}`;
      if (wantsPart(res) && sendUnchanged(res, state)) return;
      const read = () => {
        const rows = rowsOf(board, board.standings.slice(0, TOP));
        return { ...about(board), rows, votes, settled: settledness(board), tag: entityTag(state) };
      };
      const path = `${topicPath(topic)}/top`;
      const { loadedAt } = board;
      const { slug } = req.params;
      const isCurrent = () => findBoard(boards, slug)?.loadedAt === loadedAt;
      prerendered.send(res, board, {
        path,
        page: 'ranking/top',
        fragment: 'ranking/_table',
        read,
        isCurrent,
      });
    })
    .all(methodNotAllowed);

  router
    .route(['/ranking', '/topics/:slug/ranking'])
    .get((req, res) => {
      const board = boardOf(boards, req);
      const query = readSearch(req.query.q);
      const listing = listStandings(board, query, req.query.page);
      const rows = rowsOf(board, listing.standings);
      sendPage(res, 'ranking/ranking', {
        ...about(board),
        ...listing,
        rows,
        query,
        links: linksOf(board, query, listing),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/how')
    .get((_req, res) => {
      const topics = boards.listed().map(({ topic, size, votes, fit }) => ({ ...topic, size, votes, fit }));
      sendPage(res, 'ranking/how', { topics });
    })
    .all(methodNotAllowed);

  router.route('/topics/:slug/data.json').get(sendSnapshot(db, boards)).all(methodNotAllowed);
  return router;
}

const about = ({ topic, size }: Board) => ({ topic, path: topicPath(topic), size, top: TOP });

function rowsOf(board: Board, standings: readonly Standing[]): (Standing & Description)[] {
  return standings.map((standing) => ({ ...standing, ...describe(standing, board) }));
}

// Where the numbers below a list lead: the first page has the plain address.
function linksOf({ topic }: Board, query: string, listing: Listing) {
  const link = (page: number) => {
    const parameters = new URLSearchParams({
      ...(query && { q: query }),
      ...(page > 1 && { page: String(page) }),
    });
    const path = `${topicPath(topic)}/ranking`;
    return { page, path: parameters.size > 0 ? `${path}?${parameters}` : path };
  };
  const { page, pages } = listing;
  return {
    numbers: pageNumbers(listing).map((number) => (number === undefined ? undefined : link(number))),
    previous: page > 1 ? link(page - 1) : undefined,
    next: page < pages ? link(page + 1) : undefined,
  };
}

function sendSnapshot(db: Database, boards: Boards): RequestHandler {
  return async (req, res) => {
    const { topic } = boardOf(boards, req);
    const id = await findSnapshot(db, topic.id);
    if (id === undefined) throw new Problem(404, 'There is no data yet', 'It takes the votes of ten people.');
    res.vary('Accept-Encoding');
    if (sendUnchanged(res, `snapshot-${id}`)) return;
    res.attachment(`thinga-${topic.slug}.json`).type('json');
    const body = Readable.from(readSnapshot(db, id));
    if (!req.acceptsEncodings('gzip')) return pipeline(body, createGunzip(), res);
    res.set('Content-Encoding', 'gzip');
    return pipeline(body, res);
  };
}
