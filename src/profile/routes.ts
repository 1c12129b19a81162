import { type Request, Router } from 'express';
import { readClient } from '../auth/sessions/client.js';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import { phaseAt } from '../catalog/phase.js';
import { topicPath } from '../catalog/topics.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { Words } from '../http/words.js';
import { type VisitServices, visitTopic } from '../ranking/boards/visit-topic.js';
import { countVotes, votesOf } from '../voting/history.js';
import { maySee } from '../voting/pairs.js';
import { sightOf } from '../voting/voter.js';
import { findVote, type Vote } from '../voting/voting.js';
import { agreementOf, MAX_ANSWERS, MIN_OTHERS, NO_AGREEMENT } from './agreement.js';
import {
  compareRows,
  missingForDifferences,
  missingForList,
  missingForNext,
  previewOf,
  scaleOf,
} from './lists.js';
import type { OwnRankings } from './own-rankings.js';
import { ownTopOf, sharedSizesOf } from './own-top.js';
import { type OwnTopic, ownTopics } from './own-votes.js';
import { streaksOf } from './streaks.js';
import { changeReceipt, describeCycles } from './wording.js';

const [VOTES_PER_PAGE, VOTES_ON_PROFILE] = [20, 6];
/** So many lines of a list are shown after its Top. */
const MAX_REST = 200;

/** The pages of a user's own data: the profile, the own list of each topic, and all votes. */
export function profileRoutes(services: VisitServices & { rankings: OwnRankings }): Router {
  const { db, config, boards, rankings } = services;
  const router = Router();

  router
    .route('/profile')
    .get(requireUser, async (req, res) => {
      const userId = userOf(res).id;
      const [topics, total, votes, streaks] = await Promise.all([
        ownTopics(db, boards, userId),
        countVotes(db, userId),
        votesOf(db, userId, { limit: VOTES_ON_PROFILE + 1 }),
        streaksOf(db, userId),
      ]);
      const [main] = topics;
      const board = main?.board ?? boards.default();
      const own = main && (await ownListOf(userId, main));
      sendPage(res, 'profile/profile', {
        topic: board.topic,
        path: topicPath(board.topic),
        own,
        preview: own && previewOf(own),
        missing: missingForList(board, own?.answers ?? 0),
        listPath: main ? topicLink(main).path : '/profile/top',
        others: topics.slice(1).map(topicLink),
        total,
        votes: votes.slice(0, VOTES_ON_PROFILE),
        hasMore: votes.length > VOTES_ON_PROFILE,
        isChangeable: (vote) => isChangeable(userId, vote),
        streaks,
        enough: { others: MIN_OTHERS },
        session: res.locals.session,
        device: readClient(req).device,
        sendsMail: config.smtpUrl !== undefined,
      });
    })
    .all(methodNotAllowed);

  router
    .route(['/profile/top', '/profile/topics/:slug/top'])
    .get(requireUser, async (req, res) => {
      const { board } = await visitTopic(services, req, res);
      const userId = userOf(res).id;
      const topics = await ownTopics(db, boards, userId);
      const topic = topics.find((other) => other.board === board);
      const own = topic && (await ownListOf(userId, topic));
      const rows = own?.isEnough ? compareRows(own.rows) : [];
      const size = own?.size ?? 0;
      const isNew = ({ theirs }: { theirs?: unknown }): boolean => theirs === undefined;
      sendPage(res, 'profile/top', {
        topic: board.topic,
        path: topicPath(board.topic),
        own: own && { ...own, cycles: describeCycles(board, own.ranking) },
        rows: rows.slice(0, size),
        rest: rows.slice(size, size + MAX_REST),
        more: Math.max(rows.length - size, 0),
        hasNew: rows.some(isNew),
        isAllNew: own?.rows.every(isNew) ?? false,
        scale: own?.showsCrowd ? scaleOf(rows.length) : undefined,
        missing: missingForList(board, own?.answers ?? 0),
        toNext: own && missingForNext(own),
        toDifferences: missingForDifferences(board, own?.answers ?? 0),
        sizes: sharedSizesOf(board).filter((size) => size <= rows.length),
        others: topics.filter((other) => other !== topic).map(topicLink),
        enough: { others: MIN_OTHERS, latest: MAX_ANSWERS },
      });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/votes')
    .get(requireUser, async (req, res) => {
      const userId = userOf(res).id;
      const before = readBefore(req);
      const [total, votes] = await Promise.all([
        countVotes(db, userId),
        votesOf(db, userId, { ...(before && { before }), limit: VOTES_PER_PAGE + 1 }),
      ]);
      const shown = votes.slice(0, VOTES_PER_PAGE);
      sendPage(res, 'profile/votes', {
        total,
        votes: shown,
        older: votes.length > VOTES_PER_PAGE ? shown.at(-1)?.id : undefined,
        paged: before !== undefined,
        receipt: await changeReceiptFor(userId, req),
        isChangeable: (vote) => isChangeable(userId, vote),
      });
    })
    .all(methodNotAllowed);

  async function ownListOf(userId: number, topic: OwnTopic) {
    const ranking = await rankings.of(userId, topic);
    const agreement = topic.showsCrowd ? await agreementOf(db, userId, topic.board) : NO_AGREEMENT;
    return { ...ownTopOf(topic, ranking), agreement, ranking };
  }

  async function changeReceiptFor(userId: number, req: Request): Promise<Words | undefined> {
    const { changed, kept } = req.query;
    const vote = await findVote(db, userId, String(changed ?? kept));
    return vote && changeReceipt(boards, vote, changed === undefined ? 'same' : 'changed');
  }

  // A pair can't be shown again when one of its things was taken down, or is their own work.
  function isChangeable(userId: number, vote: Vote): boolean {
    const board = boards.byTopic(vote.topicId);
    if (!board || phaseAt(board.topic) !== 'open') return false;
    return maySee({ board, own: sightOf(board, { id: userId }).own }, vote);
  }

  return router;
}

const topicLink = ({ board: { topic }, votes }: OwnTopic) => ({
  ...topic,
  path: topic.isDefault ? '/profile/top' : `/profile/topics/${topic.slug}/top`,
  votes,
});

/** Only votes with a smaller id are on the page; undefined on the first page. */
function readBefore(req: Request): number | undefined {
  const before = Number(req.query.before);
  return Number.isSafeInteger(before) && before > 0 ? before : undefined;
}
