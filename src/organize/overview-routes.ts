import { Router } from 'express';
import { userOf } from '../auth/sessions/current-user.js';
import {
  closeForVotes,
  openForVotes,
  pauseVotes,
  reopenForVotes,
  resumeVotes,
} from '../catalog/change-phase.js';
import { countOpen } from '../catalog/flags.js';
import { phaseAt } from '../catalog/phase.js';
import { formatCode } from '../catalog/topic-codes.js';
import { mayDo } from '../catalog/topic-roles.js';
import { topicPath } from '../catalog/topics.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { notFound, Problem } from '../http/problem.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { LINKS } from './links.js';
import { backTo, managePage } from './manage-page.js';
import { readOverview } from './overview.js';
import { qrCodeOf } from './qr-code.js';
import { organizedTopicOf, requireRole } from './require-role.js';
import { joinUrlOf } from './voters/code-routes.js';

interface OverviewServices {
  db: Database;
  boards: Boards;
  config: Config;
}

/** The page that shows organisers how far a topic has come, and opens, pauses and closes it. */
export function overviewRoutes(services: OverviewServices): Router {
  const { db, boards, config } = services;
  const router = Router();

  router
    .route('/topics/:slug/manage')
    .get(requireRole(services, 'look'), async (_req, res) => {
      const { topic, role } = organizedTopicOf(res);
      // A topic that was just made is not in memory yet.
      await boards.refresh();
      const board = boards.byTopic(topic.id);
      if (!board) throw notFound();
      const path = topicPath(topic);
      const url = `${config.publicOrigin}/topics/${topic.slug}/vote`;
      sendPage(res, 'organize/hub', {
        ...{ ...managePage(res), path, url, qr: qrCodeOf(url) },
        ...{ code: topic.code ? formatCode(topic.code) : undefined, joinUrl: joinUrlOf(config) },
        links: LINKS.filter(({ act }) => mayDo(role, act)),
        overview: await readOverview(db, { topic }, board),
        waiting: await countOpen(db, topic.id),
        leaders: board.votes > 0 ? board.standings.slice(0, 5) : [],
      });
    })
    .all(methodNotAllowed);

  for (const [act, change, message] of [
    ['open', openForVotes, 'topic-opened'],
    ['pause', pauseVotes, 'topic-paused'],
    ['resume', resumeVotes, 'topic-resumed'],
    ['close', closeForVotes, 'topic-closed'],
    ['reopen', reopenForVotes, 'topic-reopened'],
  ] as const)
    router
      .route(`/topics/:slug/manage/${act}`)
      .post(requireRole(services, 'run'), async (_req, res) => {
        const { topic } = organizedTopicOf(res);
        await boards.refresh();
        if (act === 'open' && phaseAt(topic) === 'draft') refuseEmpty(boards.byTopic(topic.id)?.size ?? 0);
        await change(db, { topicId: topic.id, userId: userOf(res).id });
        await boards.refresh();
        await backTo(res, '', message);
      })
      .all(methodNotAllowed);

  return router;
}

/** @throws Problem 409 when there are no two things to vote on */
function refuseEmpty(size: number): void {
  if (size < 2)
    throw new Problem(409, 'Nothing to vote on yet', 'Add at least two things, and then open the topic.');
}
