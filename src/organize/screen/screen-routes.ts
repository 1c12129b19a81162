import { Router } from 'express';
import { LRUCache } from 'lru-cache';
import { formatCode } from '../../catalog/topic-codes.js';
import { topicPath } from '../../catalog/topics.js';
import { entityTag, sendNotModified } from '../../http/conditional-get.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage, sendPageOrFragment, wantsFragment } from '../../http/page.js';
import { describeSettled, titleOf } from '../../ranking/boards/describe-goal.js';
import {
  type TopicVisit,
  type VisitServices,
  visitResults,
  visitTopic,
} from '../../ranking/boards/visit-topic.js';
import { makeRankTable } from '../../ranking/pages/rank-table.js';
import { countVoters } from '../overview.js';
import { type QrCode, qrCodeOf } from '../qr-code.js';
import { joinUrlOf } from '../voters/code-routes.js';
import type { ScreenJoin } from './pages.js';
import { readReveal } from './reveal.js';

/** So many rows fill a screen, and can be read from the last row of seats. */
const MAX_ROWS = 10;

/** The pages for a large screen in the room: the ranking as it grows, and its reveal from last to first. */
export function screenRoutes(services: VisitServices): Router {
  const { db, config } = services;
  const router = Router();
  // To draw one takes milliseconds, and anybody can open the screen of a public topic.
  const qrCodes = new LRUCache<string, QrCode>({ max: 200, memoMethod: (url) => qrCodeOf(url) });

  router
    .route('/topics/:slug/screen')
    .get(async (req, res) => {
      const visit = await visitTopic(services, req, res);
      const { board, phase } = visit;
      const { topic, votes } = board;
      const voters = await countVoters(db, topic.id);
      const state = ['screen', topic.id, board.version, phase, topic.code, voters, visit.hidden].join('-');
      if (wantsFragment(res) && sendNotModified(res, state.replaceAll(' ', '-'))) return;
      sendPageOrFragment(res, {
        page: 'organize/screen',
        fragment: 'organize/_screen',
        data: {
          ...{ topic, path: topicPath(topic), phase, votes, voters, hidden: visit.hidden },
          ...{ title: titleOf(board.goal), size: board.size, settled: describeSettled(board) },
          ...makeRankTable(board, visit.hidden || votes === 0 ? [] : board.standings.slice(0, MAX_ROWS)),
          ...{ join: joinOf(visit), isHeld: req.query.hold !== undefined },
          tag: entityTag(state.replaceAll(' ', '-')),
        },
      });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/screen/reveal')
    .get(async (req, res) => {
      const { board, phase } = await visitResults(services, req, res);
      const { topic } = board;
      const reveal = readReveal(board, req.query.shown);
      sendPage(res, 'organize/reveal', { ...reveal, topic, path: topicPath(topic), phase });
    })
    .all(methodNotAllowed);

  /** How people in the room get to the vote; undefined when each needs a personal link, or nobody can vote any more. */
  function joinOf({ board: { topic }, phase }: TopicVisit): ScreenJoin | undefined {
    if (topic.access === 'invited' || phase === 'closed' || phase === 'draft') return undefined;
    const code = topic.code ? formatCode(topic.code) : undefined;
    const qr = qrCodes.memo(`${config.publicOrigin}/topics/${topic.slug}/vote`);
    return { code, url: joinUrlOf(config), qr };
  }

  return router;
}
