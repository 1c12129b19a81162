import { type Response, Router } from 'express';
import { rememberGuest } from '../auth/guest-cookie.js';
import { requireUser } from '../auth/sessions/current-user.js';
import { topicPath } from '../catalog/topics.js';
import { clearCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { networkGroups } from '../http/network.js';
import { seeOther, sendPage, wantsFragment } from '../http/page.js';
import { notFound } from '../http/problem.js';
import {
  type TopicVisit,
  type VisitServices,
  visitBoard,
  visitTopic,
} from '../ranking/boards/visit-topic.js';
import { answerPair, isInFront, receiptFor } from './answering.js';
import { askedPair } from './asked-pair.js';
import type { Ballot } from './ballot.js';
import type { BallotBox } from './ballot-box.js';
import { createGuest } from './guests.js';
import type { Hall } from './hall.js';
import { offerPair, voterOn } from './offer-pair.js';
import { isReading, type ProgressOf, pairPage } from './pair-page.js';
import type { Queues } from './queue.js';
import { undoneReceipt } from './receipt.js';
import { type RefusedVote, readVote, refusals } from './vote-form.js';
import { findVoter, NEW_GUEST, newGuest, sightOf, type VoterContext, voterOf } from './voter.js';
import { putBack, queueOf } from './voter-queue.js';
import { withdrawVote } from './voting.js';

/** The pair page, and the forms that cast and withdraw a vote, for members and guests. */
export function votingRoutes(
  services: VisitServices & { queues: Queues; hall: Hall; ballotBox: BallotBox; progressOf: ProgressOf },
): Router {
  const { db, boards, queues, hall, ballotBox, progressOf, config } = services;
  const router = Router();
  const [secret] = config.secrets;
  const asVoter = findVoter(db, config);
  const showPair = pairPage({ db, hall, secret, progressOf });
  const contextOf = (res: Response, visit: TopicVisit): VoterContext => {
    const voter = voterOf(res);
    const { board, own } = sightOf(visit.board, voter);
    return { db, queues, hall, secret, voter, board, own, showsResults: !visit.hidden };
  };

  router
    .route(['/vote', '/topics/:slug/vote'])
    .get(asVoter, async (req, res) => {
      const visit = await visitTopic(services, req, res);
      const context = contextOf(res, visit);
      const queue = await queueOf(context);
      const thing = context.board.find(Number(req.query.with));
      if (thing) return showPair(res, visit, { queue, ...(await askedPair(context, queue, thing)) });
      const receipt = await receiptFor(context, ballotBox, { queue, query: req.query });
      return showPair(res, visit, { queue, receipt });
    })
    .post(asVoter, async (req, res, next) => {
      const visit = await visitTopic(services, req, res);
      const { board } = visit;
      const form = readForm(req, 'ballot', 'choice', 'note', 'note-readers');
      const vote = readVote(form, { board, voter: voterOf(res), secrets: config.secrets });
      if (vote.refusal === 'loggedOut') return void requireUser(req, res, next);
      if (vote.refusal) return refuseVote(res, visit, vote);
      if (visit.phase !== 'open') return refuseVote(res, visit, { refusal: REFUSAL_IN[visit.phase] });
      if (vote.ballot.isGuest) await admitGuest(res, vote.ballot);
      const result = await answerPair(contextOf(res, visit), ballotBox, vote);
      if (result.refusal) return refuseVote(res, visit, result);
      const path = `${topicPath(board.topic)}/vote?${result.query}${isReading(req) ? '&read' : ''}`;
      await seeOther(res, path, async () => showPair(res, visit, result));
    })
    .all(methodNotAllowed);

  // The page of a ranking without votes is the same for everyone, so the pair of each visitor comes after it.
  router
    .route(['/offer', '/topics/:slug/offer'])
    .get(async (req, res) => {
      const { board } = await visitTopic(services, req, res);
      const action = `${topicPath(board.topic)}/vote`;
      if (!wantsFragment(res)) return res.redirect(303, action);
      const { pair } = await offerPair(services, board, await voterOn(services, req, res));
      if (!pair) return void res.status(204).end();
      sendPage(res, 'voting/_offer', { ...pair, action });
    })
    .all(methodNotAllowed);

  router
    .route('/vote/undo')
    .post(asVoter, async (req, res) => {
      const { ballot } = readForm(req, 'ballot');
      const vote = await withdrawVote(db, voterOf(res).id, ballot || undefined);
      const board = vote && boards.byTopic(vote.topicId);
      if (!board) return seeOther(res, '/vote');
      const visit = await visitBoard(services, board, res);
      if (!vote.withdrawnAt) return refuseVote(res, visit, { refusal: 'stays' });
      const queue = await putBack(contextOf(res, visit), vote);
      const receipt = undoneReceipt(board, vote, isInFront(queue, vote));
      const path = `${topicPath(board.topic)}/vote?undone=${vote.ballotId}${isReading(req) ? '&read' : ''}`;
      await seeOther(res, path, async () => showPair(res, visit, { queue, receipt }));
    })
    .all(methodNotAllowed);

  router
    .route('/profile/votes/:ballotId/withdraw')
    .post(asVoter, async (req, res) => {
      const { next } = readForm(req, 'next');
      const vote = await withdrawVote(db, voterOf(res).id, String(req.params.ballotId));
      if (!vote) throw notFound();
      const board = boards.byTopic(vote.topicId);
      if (vote.withdrawnAt && board)
        await putBack(contextOf(res, await visitBoard(services, board, res)), vote);
      flash(res, vote.withdrawnAt ? 'taken-back' : 'vote-stays');
      await seeOther(res, next ? localPath(next) : '/profile');
    })
    .all(methodNotAllowed);

  /** Answers a vote that does not count with the reason and a pair to go on with. */
  async function refuseVote(
    res: Response,
    visit: TopicVisit,
    { refusal, pairs, note }: RefusedVote,
  ): Promise<void> {
    // Another user has logged in on this browser. The whole page is loaded again to show who it is.
    if (refusal === 'foreign' && res.locals.user && wantsFragment(res)) {
      flash(res, 'not-yours');
      return seeOther(res, `${topicPath(visit.board.topic)}/vote`);
    }
    if (refusal === 'guestGone') {
      res.locals.voter = newGuest(res.req, res);
      clearCookie(res, 'guest');
    }
    const isLate = refusal === 'closed' || refusal === 'stays';
    res.status(isLate || refusal === 'notOpen' || refusal === 'paused' ? 409 : 422);
    const queue = await queueOf(contextOf(res, visit));
    // A topic can close or pause after it was looked up.
    const phase = isLate ? 'closed' : refusal === 'paused' ? refusal : visit.phase;
    const receipt = { text: [refusals[refusal]] };
    await showPair(res, { ...visit, phase }, { queue, pairs, note, receipt });
  }

  /** Makes a voter of a guest with the first vote, and renews the guest's cookie. */
  async function admitGuest(res: Response, { id: ballotId }: Ballot): Promise<void> {
    const voter = voterOf(res);
    if (voter.id === NEW_GUEST)
      voter.id = await createGuest(db, { ballotId, groups: networkGroups(res.locals.network, secret) });
    rememberGuest(res, voter.id, config);
  }

  return router;
}

/** Why a vote is refused in a phase that takes none. */
const REFUSAL_IN = { draft: 'notOpen', paused: 'paused', closed: 'closed' } as const;
