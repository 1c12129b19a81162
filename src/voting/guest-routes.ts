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
  guestPair,
  keepGuestVotes,
  MOST_GUEST_VOTES,
  offerToGuest,
  readGuestVotes,
} from './guests.js';
import { type Answered, guestReceipt, type Receipt, refusals, undoneReceipt } from './receipt.js';
import { readAnswer } from './voting.js';

/**
 * The pair page for visitors, who may vote right away: their votes wait in their own browser, and count when they
 * register or log in, never before. Nothing here writes to the database, or needs it.
 */
export function guestRoutes(boards: Boards, config: Config): Router {
  const router = Router();

  function showNext(res: Response, board: Board, votes: GuestVote[], receipt?: Receipt): void {
    showPair(res, board, guestPair(board, votes, config.secrets[0]), votes, receipt);
  }

  function showPair(
    res: Response,
    board: Board,
    pair: Pick<Ballot, 'leftId' | 'rightId' | 'arm'> | undefined,
    votes: GuestVote[],
    receipt?: Receipt,
  ): void {
    const offer = pair && offerToGuest(board, pair, config);
    const guest = { waiting: votes.length, most: MOST_GUEST_VOTES };
    const data = { board, topic: board.topic, path: topicPath(board.topic), ...offer, receipt, guest };
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
      keepGuestVotes(res, kept.votes, config);
      const path = `${topicPath(board.topic)}/vote?voted=${kept.vote?.ballotId ?? ''}`;
      await seeOther(res, path, async () =>
        showNext(
          res,
          board,
          kept.votes,
          kept.vote && guestReceipt(board, answeredBy(kept.vote), kept.vote.ballotId),
        ),
      );
    });

  router.route('/vote/undo').post(forVisitors, async (req, res, next) => {
    const votes = readGuestVotes(req, config);
    const { ballot } = readForm(req, 'ballot');
    const vote = ballot ? votes.find(({ ballotId }) => ballotId === ballot) : votes.at(-1);
    const board = vote && boards.byTopic(vote.topicId);
    if (!board) return next('route');
    const left = votes.filter((other) => other !== vote);
    keepGuestVotes(res, left, config);
    const [path, receipt] = [`${topicPath(board.topic)}/vote`, undoneReceipt(board, answeredBy(vote))];
    await seeOther(res, path, async () => showNext(res, board, left, receipt));
  });

  return router;
}

// Whoever was logged in is told why they no longer are, and whoever may be is not taken for a visitor.
const forVisitors: RequestHandler = (_req, res, next) => {
  const { user, endReason, unknownBecause } = res.locals;
  next(user || endReason || unknownBecause ? 'route' : undefined);
};

/** A ballot that comes again, and a pair that was answered before, change nothing. */
function keep(votes: GuestVote[], vote: GuestVote): { votes: GuestVote[]; vote: GuestVote | undefined } {
  const before = votes.find(
    ({ ballotId, leftId, rightId }) =>
      ballotId === vote.ballotId ||
      (Math.min(leftId, rightId) === Math.min(vote.leftId, vote.rightId) &&
        Math.max(leftId, rightId) === Math.max(vote.leftId, vote.rightId)),
  );
  if (before) return { votes, vote: before };
  if (votes.length >= MOST_GUEST_VOTES) return { votes, vote: undefined };
  return { votes: [...votes, vote], vote };
}

function answeredBy({ choice, ...vote }: GuestVote): Answered {
  return { ...vote, ...(readAnswer(choice) ?? { outcome: 'skip', unknown: null }) };
}

function receiptFor(board: Board, votes: GuestVote[], req: Request): Receipt | undefined {
  const vote = votes.find(
    ({ ballotId, topicId }) => ballotId === req.query.voted && topicId === board.topic.id,
  );
  return vote && guestReceipt(board, answeredBy(vote), vote.ballotId);
}
