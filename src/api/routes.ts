import compression from 'compression';
import cors from 'cors';
import { type RequestHandler, Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { Problem } from '../http/problem.js';
import { shownRanks } from '../ranking/boards/describe-goal.js';
import { askedTrack } from '../ranking/boards/track.js';
import { type VisitServices, visitResults } from '../ranking/boards/visit-topic.js';
import { boardToJson } from '../ranking/transfer/board-json.js';

/** The read-only JSON API for other sites: the topics, the leaderboards and the logged-in user. */
export function apiRoutes(services: VisitServices): Router {
  const { boards, config } = services;
  const router = Router();
  router.use('/api', compression());
  router
    .route('/api/topics')
    .all(allowOrigins(config.allowedOrigins))
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
    .all(allowOrigins(config.allowedOrigins))
    .get(async (req, res) => {
      const board = askedTrack((await visitResults(services, req, res)).board, req.query.tag);
      res.json(boardToJson(board, { origin: config.publicOrigin, shown: shownRanks(board.goal) }));
    })
    .all(methodNotAllowed);

  router
    .route('/api/me')
    .all(allowOrigins(config.allowedOrigins, { credentials: true }))
    .get((_req, res) => {
      const { user, sessionError } = res.locals;
      if (sessionError) throw sessionError;
      res.setHeader('Cache-Control', 'no-store');
      if (!user) throw new Problem(401, 'You are not logged in', 'Log in on this site first.');
      res.json({ username: user.username, role: user.role, memberSince: user.createdAt.toISOString() });
    })
    .all(methodNotAllowed);
  return router;
}

// Only the listed origins may read an answer. Other origins get no CORS header at all.
function allowOrigins(origins: string[], { credentials = false } = {}): RequestHandler {
  const sendCorsHeaders = cors({ origin: origins, credentials, methods: ['GET'] });
  return (req, res, next) => {
    res.vary('Origin');
    if (origins.includes(req.get('Origin') ?? '')) sendCorsHeaders(req, res, next);
    else next();
  };
}
