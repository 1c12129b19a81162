import { Router } from 'express';
import type { Config } from '../config.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { Board, Standing, TopicSummary } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { describeStanding, type StandingDescription } from '../ranking/boards/describe-standing.js';
import { signBallot } from '../voting/ballot.js';
import { commonPairs } from '../voting/common-pairs.js';
import { GUEST_LIFETIME_DAYS, readGuest } from '../voting/guest-cookie.js';
import { NEW_GUEST } from '../voting/voter.js';
import type { Contact } from './pages.js';

/** The front page, what the site says about accessibility and privacy, and the page for no connection. */
export function homeRoutes({ boards, config }: { boards: Boards; config: Config }): Router {
  const router = Router();
  const contact = contactOf(config);
  const idleSeconds = 60 * config.sessionIdleMinutes;
  router
    .route('/')
    .get((req, res) => {
      const board = boards.default();
      const { topic, votes } = board;
      const isVoter = Boolean(res.locals.user) || readGuest(req, config) !== undefined;
      sendPage(res, 'home/index', {
        topic,
        votes,
        leaders: findLeaders(board),
        topics: listOtherTopics(boards, board),
        isVoter,
        ...(isVoter ? {} : offerFirstPair(board, config)),
      });
    })
    .all(methodNotAllowed);

  router
    .route('/accessibility')
    .get((_req, res) => sendPage(res, 'home/accessibility', { contact, idleSeconds }))
    .all(methodNotAllowed);

  router
    .route('/privacy')
    .get((_req, res) =>
      sendPage(res, 'home/privacy', {
        contact,
        idleSeconds,
        expireDays: config.sessionExpireDays,
        guestDays: GUEST_LIFETIME_DAYS,
        allowedOrigins: config.allowedOrigins,
      }),
    )
    .all(methodNotAllowed);

  // public/service-worker.js keeps this page and shows it when there is no connection.
  router
    .route('/offline')
    .get((_req, res) => sendPage(res, 'home/offline', {}))
    .all(methodNotAllowed);
  return router;
}

function contactOf({ contact: text }: Config): Contact | undefined {
  return text === undefined ? undefined : { text, href: text.includes('://') ? text : `mailto:${text}` };
}

function findLeaders(board: Board): (Standing & StandingDescription)[] {
  return board.standings
    .slice(0, 3)
    .map((standing) => ({ ...standing, ...describeStanding(standing, board) }))
    .filter((leader) => leader.votes > 0);
}

function listOtherTopics(boards: Boards, board: Board): TopicSummary[] {
  return boards
    .listed()
    .filter((other) => other !== board && other.size > 0)
    .map(({ topic }) => topic);
}

// A new visitor can answer a pair on the front page.
function offerFirstPair(board: Board, config: Config) {
  const [pair] = commonPairs(board, config.secrets[0]);
  if (!pair) return {};
  const offer = { topicId: board.topic.id, voterId: NEW_GUEST, isGuest: true, ...pair };
  return {
    left: board.find(pair.leftId),
    right: board.find(pair.rightId),
    ballot: signBallot(offer, config.secrets[0]),
  };
}
