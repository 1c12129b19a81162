import { type Response, Router } from 'express';
import { topicPath } from '../../catalog/topics.js';
import type { Config } from '../../config.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage } from '../../http/page.js';
import { titleOf } from '../boards/describe-goal.js';
import { askedTrack } from '../boards/track.js';
import { visitTopic } from '../boards/visit-topic.js';
import type { RankingServices } from './pages.js';
import { makeRankTable } from './rank-table.js';

/** How many ranks the embedded page shows. */
const MAX_ROWS = 20;

/** The ranking of a topic for a frame on another site. It is the only page that may be framed. */
export function embedRoutes(services: RankingServices & { config: Config }): Router {
  const router = Router();
  router
    .route('/topics/:slug/embed')
    .get(async (req, res) => {
      const { board: whole, hidden } = await visitTopic(services, req, res);
      const board = askedTrack(whole, req.query.tag);
      const { topic, votes, goal, standings } = board;
      allowFrames(res, topic.embedOrigins);
      const rows = goal === 'order' ? MAX_ROWS : Math.min(Math.max(goal, 3), MAX_ROWS);
      sendPage(res, 'ranking/embed', {
        ...{ topic, votes, hidden, title: titleOf(goal) },
        ...makeRankTable(board, hidden || votes === 0 ? [] : standings.slice(0, rows)),
        url: `${services.config.publicOrigin}${topicPath(topic)}`,
      });
    })
    .all(methodNotAllowed);
  return router;
}

/** Lets exactly these sites show the page in a frame. Without any, the page has the headers of all others. */
function allowFrames(res: Response, origins: string[]): void {
  if (origins.length === 0) return;
  const policy = String(res.getHeader('Content-Security-Policy'));
  const none = "frame-ancestors 'none'";
  if (!policy.includes(none)) throw new Error('the policy of every page says who may frame it');
  res.setHeader('Content-Security-Policy', policy.replace(none, `frame-ancestors ${origins.join(' ')}`));
  res.removeHeader('X-Frame-Options');
}
