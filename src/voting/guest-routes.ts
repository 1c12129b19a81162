import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Config } from '../config.js';
import type { Board } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import { boardOf, topicPath } from '../things/topics.js';
import { readForm } from '../web/form.js';
import { seeOther, sendPage } from '../web/page.js';
import { type Ballot, readBallot } from './ballot.js';
import {
  GUEST,
  type GuestVote,
  guestPairs,
  keepGuestVotes,
  MOST_GUEST_VOTES,
  offerToGuest,
  pairKey,
  readGuestVotes,
} from './guests.js';
import { picturesOf } from './pairs.js';
import {
  type Answered,
  answeredReceipt,
  guestReceipt,
  type Receipt,
  refusals,
  undoneReceipt,
} from './receipt.js';
import { readAnswer } from './voting.js';

/**
 * The pair page for visitors, who may vote right away: their votes wait in their own browser, and count when they
 * register or log in, never before. Nothing here writes to the database, or needs it.
 */
export function guestRoutes(boards: Boards, config: Config): Router {
  const router = Router();

  function showNext(res: Response, board: Board, votes: GuestVote[], receipt?: Receipt): void {
    const [pair, ahead] = guestPairs(board, votes, config.secrets[0]);
    showPair(res, board, pair, votes, receipt, picturesOf(board, ahead));
  }

  function showPair(
    res: Response,
    board: Board,
    pair: Pick<Ballot, 'leftId' | 'rightId' | 'strategy'> | undefined,
    votes: GuestVote[],
    receipt?: Receipt,
    ahead: string[] = [],
  ): void {
    const offer = pair && offerToGuest(board, pair, config);
    const guest = { waiting: votes.length, most: MOST_GUEST_VOTES };
    const data = { board, topic: board.topic, path: topicPath(board.topic), ...offer, receipt, guest, ahead };
    sendPage(res, 'voting/vote', data, 'voting/_pair');
  }

  router
    .route(['/vote', '/topics/:slug/vote'])
    .get(forVisitors, (req, res) => {
      const board = boardOf(boards, req);
      const votes = readGuestVotes(req, config);
      showNext(res, board, votes, receiptFor(board, votes, req));
    })
    .post(forVisitors, async (req, res, next) => {
      const board = boardOf(boards, req);
      const votes = readGuestVotes(req, config);
      const form = readForm(req, 'ballot', 'choice');
      const ballot = readBallot(form.ballot, config.secrets);
      // Offered to somebody who was logged in then: they are asked to log in again.
      if (typeof ballot === 'object' && ballot.voter !== GUEST) return next('route');
      const refused =
        typeof ballot === 'string'
          ? refusals[ballot]
          : ballot.topicId === board.topic.id
            ? undefined
            : refusals.elsewhere;
      if (refused || typeof ballot === 'string') {
        res.status(422);
        return showNext(res, board, votes, { text: refused ?? '' });
      }
      if (!readAnswer(form.choice)) {
        res.status(422);
        return showPair(res, board, ballot, votes, { text: refusals.unanswered });
      }
      const vote = { ballotId: ballot.id, choice: form.choice, topicId: board.topic.id };
      const kept = keep(votes, { ...vote, leftId: ballot.leftId, rightId: ballot.rightId });
      if (!kept) {
        res.status(422);
        return showNext(res, board, votes, { text: refusals.passed });
      }
      keepGuestVotes(res, kept.votes, config);
      const note = kept.isNew ? 'voted' : 'answered';
      const path = `${topicPath(board.topic)}/vote?${note}=${kept.vote.ballotId}`;
      await seeOther(res, path, async () =>
        showNext(res, board, kept.votes, receiptOf(board, kept.vote, note)),
      );

      /** A ballot that comes again, and a pair that was answered before, change nothing. */
      function keep(votes: GuestVote[], vote: GuestVote) {
        const before = votes.find((one) => one.ballotId === vote.ballotId || pairKey(one) === pairKey(vote));
        if (before) return { votes, vote: before, isNew: before.ballotId === vote.ballotId };
        const [due] = guestPairs(board, votes, config.secrets[0]);
        return due && pairKey(due) === pairKey(vote)
          ? { votes: [...votes, vote], vote, isNew: true }
          : undefined;
      }
    });

  router.route('/vote/undo').post(forVisitors, async (req, res) => {
    const votes = readGuestVotes(req, config);
    const { ballot } = readForm(req, 'ballot');
    const latest = votes.at(-1);
    const vote = ballot ? votes.find(({ ballotId }) => ballotId === ballot) : latest;
    const board = (vote && boards.byTopic(vote.topicId)) ?? boards.default();
    const path = `${topicPath(board.topic)}/vote`;
    // The others stay, so that nobody gets past a pair by taking back that they skipped it.
    if (vote && vote !== latest)
      return seeOther(res, `${path}?kept`, async () =>
        showNext(res, board, votes, { text: refusals.notLatest }),
      );
    const left = vote ? votes.slice(0, -1) : votes;
    if (vote) keepGuestVotes(res, left, config);
    const [due] = guestPairs(board, left, config.secrets[0]);
    const isShown = vote !== undefined && due !== undefined && pairKey(due) === pairKey(vote);
    const receipt = vote ? undoneReceipt(board, answeredBy(vote), isShown) : { text: refusals.undone };
    await seeOther(res, `${path}?undone`, async () => showNext(res, board, left, receipt));
  });

  return router;
}

// Whoever was logged in is told why they no longer are, and whoever may be is not taken for a visitor.
const forVisitors: RequestHandler = (_req, res, next) => {
  const { user, endReason, unknownBecause } = res.locals;
  next(user || endReason || unknownBecause ? 'route' : undefined);
};

function answeredBy({ choice, ...vote }: GuestVote): Answered {
  return { ...vote, ...(readAnswer(choice) ?? { outcome: 'skip', unknown: null }) };
}

function receiptOf(board: Board, vote: GuestVote, note: 'voted' | 'answered'): Receipt {
  const receipt = note === 'voted' ? guestReceipt : answeredReceipt;
  return receipt(board, answeredBy(vote), vote.ballotId);
}

function receiptFor(board: Board, votes: GuestVote[], { query }: Request): Receipt | undefined {
  if (query.undone !== undefined) return { text: refusals.undone };
  if (query.kept !== undefined) return { text: refusals.notLatest };
  const id = query.voted ?? query.answered;
  const vote = votes.find(({ ballotId, topicId }) => ballotId === id && topicId === board.topic.id);
  return vote && receiptOf(board, vote, query.voted ? 'voted' : 'answered');
}
