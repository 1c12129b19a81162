import { type Request, type Response, Router } from 'express';
import type { Config } from '../config.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { describe } from '../ranking/boards/describe.js';
import { signBallot } from '../voting/ballot.js';
import { commonPairs } from '../voting/common-pairs.js';
import { readGuest } from '../voting/guests.js';
import { NEW_GUEST } from '../voting/voter.js';

/** The front page: what this is, a taste of it, and the three that lead; and who can use all this. */
export function homeRoutes({ boards, config }: { boards: Boards; config: Config }): Router {
  const router = Router();
  router
    .route('/')
    .get((req, res) => {
      const board = boards.default();
      const leaders = board.standings
        .slice(0, 3)
        .map((standing) => ({ ...standing, ...describe(standing, board) }))
        .filter((leader) => leader.votes > 0);
      const topics = boards
        .listed()
        .filter((other) => other !== board && other.size > 0)
        .map(({ topic }) => topic);
      sendPage(res, 'home/index', {
        topic: board.topic,
        ...tasteOf(board, config, { req, res }),
        leaders,
        topics,
        votes: board.votes,
      });
    })
    .all(methodNotAllowed);

  router
    .route('/accessibility')
    .get((_req, res) => sendPage(res, 'home/accessibility', {}))
    .all(methodNotAllowed);
  return router;
}

// Newcomers can answer right here; those who have voted go on where they were.
function tasteOf(board: Board, config: Config, { req, res }: { req: Request; res: Response }) {
  if (res.locals.user || readGuest(req, config) !== undefined) return { isVoter: true };
  const [pair] = commonPairs(board, config.secrets[0]);
  if (!pair) return {};
  const offer = { topicId: board.topic.id, voter: NEW_GUEST, isGuest: true, ...pair };
  return {
    left: board.find(pair.leftId),
    right: board.find(pair.rightId),
    ballot: signBallot(offer, config.secrets[0]),
  };
}
