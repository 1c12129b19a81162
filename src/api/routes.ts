import cors from 'cors';
import { type RequestHandler, Router } from 'express';
import type { Config } from '../config.js';
import { methodNotAllowed } from '../http/errors.js';
import { Problem } from '../http/problem.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { describe } from '../ranking/boards/describe.js';
import { boardOf } from '../ranking/boards/find-board.js';
import { TOP } from '../ranking/math/top-threshold.js';

/** The read-only JSON for other sites: the leaderboards, and who is logged in. */
export function apiRoutes({ boards, config }: { boards: Boards; config: Config }): Router {
  const router = Router();
  router
    .route('/api/topics')
    .all(shareWith(config.allowedOrigins))
    .get((_req, res) => {
      res.json({
        topics: boards.listed().map(({ topic, size, votes }) => ({
          slug: topic.slug,
          title: topic.title,
          question: topic.question,
          things: size,
          votes,
        })),
      });
    })
    .all(methodNotAllowed);

  router
    .route(['/api/top', '/api/topics/:slug/top'])
    .all(shareWith(config.allowedOrigins))
    .get((req, res) => {
      res.json(topOf(boardOf(boards, req), config.publicOrigin));
    })
    .all(methodNotAllowed);

  router
    .route('/api/me')
    .all(shareWith(config.allowedOrigins, { credentials: true }))
    .get((_req, res) => {
      const { user, unknownBecause } = res.locals;
      if (unknownBecause) throw unknownBecause;
      res.setHeader('Cache-Control', 'no-store');
      if (!user) throw new Problem(401, 'Nobody is logged in', 'Log in on this site first.');
      res.json({ username: user.username, role: user.role, memberSince: user.createdAt.toISOString() });
    })
    .all(methodNotAllowed);
  return router;
}

function topOf(board: Board, origin: string): object {
  const { topic, votes, expectedRight } = board;
  const top = board.standings.slice(0, TOP).map((standing) => {
    const { votes: cast, isNew } = describe(standing, board);
    const { rank, name, wins, losses, ties } = standing;
    const known = isNew ? undefined : standing;
    return {
      rank,
      name,
      url: `${origin}/things/${standing.id}`,
      score: known?.mean ?? null,
      range: known ? [known.low, known.high] : null,
      topChance: known?.topChance ?? null,
      isNew,
      wins,
      losses,
      ties,
      votes: cast,
    };
  });
  return { topic: topic.slug, title: topic.title, votes, expectedRight, top };
}

// Exactly the listed origins may read an answer; nobody else is told anything (no header at all).
function shareWith(origins: string[], { credentials = false } = {}): RequestHandler {
  const share = cors({ origin: origins, credentials, methods: ['GET'] });
  return (req, res, next) => {
    res.vary('Origin');
    if (origins.includes(req.get('Origin') ?? '')) share(req, res, next);
    else next();
  };
}
