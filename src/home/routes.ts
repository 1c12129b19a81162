import { Router } from 'express';
import type { Boards } from '../ranking/boards.js';
import { describe } from '../ranking/words.js';
import { methodNotAllowed } from '../web/errors.js';
import { sendPage } from '../web/page.js';

/** The front page: what this is, a taste of it, and the three that lead. */
export function homeRoutes(boards: Boards): Router {
  const router = Router();
  router
    .route('/')
    .get((_req, res) => {
      const board = boards.default();
      const leaders = board.standings
        .slice(0, 3)
        .map((standing) => ({ ...standing, ...describe(standing, board) }))
        .filter((leader) => leader.votes > 0);
      const topics = boards.listed().map(({ topic, size }) => ({ ...topic, size }));
      sendPage(res, 'home/index', {
        topic: board.topic,
        taste: tasteOf(board),
        leaders,
        topics,
        votes: board.votes,
      });
    })
    .all(methodNotAllowed);
  return router;
}

// Two things of different standing, another two every minute, the same for everyone who looks just then.
function tasteOf(board: ReturnType<Boards['default']>) {
  if (board.size < 2) return undefined;
  const minute = Math.floor(Date.now() / 60_000);
  const one = (minute * 7) % board.size;
  const other = (one + 1 + ((minute * 13) % (board.size - 1))) % board.size;
  return [board.standings[one], board.standings[other]];
}
