import { type Response, Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import { boardOf, topicPath } from '../things/topics.js';
import { requireUser, userOf } from '../web/current-user.js';
import { methodNotAllowed } from '../web/errors.js';
import { flash } from '../web/flash.js';
import { readForm } from '../web/form.js';
import { localPath } from '../web/local-path.js';
import { seeOther, sendPage, wantsPart } from '../web/page.js';
import { notFound } from '../web/problem.js';
import { answerPair, isInFront, receiptFor } from './answering.js';
import { askedPair } from './asked.js';
import { type Ballot, readBallot, signBallot } from './ballot.js';
import type { BallotBox } from './ballot-box.js';
import { GUEST } from './guests.js';
import { type Pair, picturesOf } from './pairs.js';
import { type Queue, type Queues, today } from './queue.js';
import { type Receipt, refusals, undoneReceipt } from './receipt.js';
import { type Asker, putBack, queueOf } from './voter-queue.js';
import { readAnswer, withdrawVote } from './voting.js';

/** What the pair page says of how far a voter's own Top of a topic has come. */
export interface OwnProgress {
  /** Answers they still have to give before there is a list of their own; 0 when there is one. */
  toGo: number;
  /** How many such a list takes. */
  enough: number;
  /** How many places their Top has; 0 while their list is too short for one. */
  size: number;
  /** How many of those we expect to be right. */
  expectedRight: number;
}

/**
 * The pair page, casting a vote and taking it back.
 * @param progressOf how far a voter's own Top of a topic has come, by how many answers they have given
 */
export function votingRoutes({
  db,
  boards,
  queues,
  ballotBox,
  progressOf,
  config,
}: {
  db: Database;
  boards: Boards;
  queues: Queues;
  ballotBox: BallotBox;
  progressOf: (voter: number, board: Board, answers: number) => OwnProgress;
  config: Config;
}): Router {
  const router = Router();
  const [secret] = config.secrets;

  const askerOf = (res: Response, board: Board): Asker => ({
    db,
    queues,
    board,
    voter: userOf(res).id,
    secret,
  });

  function showQueue(res: Response, board: Board, queue: Queue, receipt?: Receipt): void {
    const [pair, next] = queue.pairs;
    showPair(res, board, { pair, next, queue, receipt });
  }

  function showPair(
    res: Response,
    board: Board,
    {
      pair,
      next,
      queue,
      receipt,
    }: { pair: Pair | undefined; next?: Pair | undefined; queue: Queue; receipt?: Receipt | undefined },
  ): void {
    const { topic } = board;
    const voter = userOf(res).id;
    const ballot = pair && signBallot({ topicId: topic.id, voter, ...pair }, secret);
    const [left, right] = pair ? [board.find(pair.leftId), board.find(pair.rightId)] : [];
    const { day, votes } = queue.today;
    sendPage(
      res,
      'voting/vote',
      {
        board,
        topic,
        path: topicPath(topic),
        left,
        right,
        ballot,
        receipt,
        ahead: picturesOf(board, next),
        today: day === today() ? votes : 0,
        own: progressOf(voter, board, queue.answers),
      },
      'voting/_pair',
    );
  }

  router
    .route(['/vote', '/topics/:slug/vote'])
    .get(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const voter = userOf(res).id;
      const queue = await queueOf(askerOf(res, board));
      const wanted = board.find(Number(req.query.with));
      if (!wanted)
        return showQueue(res, board, queue, await receiptFor({ db, board, voter }, queue, req.query));
      const { pair, text } = await askedPair(db, board, wanted, { voter, queue, secret });
      const [front, second] = queue.pairs;
      showPair(res, board, { pair, next: pair === front ? second : front, queue, receipt: { text } });
    })
    .post(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const asker = askerOf(res, board);
      const form = readForm(req, 'ballot', 'choice');
      const ballot = readBallot(form.ballot, config.secrets);
      const refused = refusalOf(ballot, asker);
      // Somebody else has logged in on this browser since: the whole page is to show who.
      if (refused === refusals.foreign && wantsPart(res)) {
        flash(res, 'not-yours');
        return seeOther(res, `${topicPath(board.topic)}/vote`);
      }
      if (refused || typeof ballot === 'string') {
        res.status(422);
        return showQueue(res, board, await queueOf(asker), { text: refused ?? '' });
      }
      const answer = readAnswer(form.choice);
      if (!answer) {
        res.status(422);
        const receipt = { text: refusals.unanswered };
        return showPair(res, board, { pair: ballot, queue: await queueOf(asker), receipt });
      }
      const { cast, queue, receipt } = await answerPair(asker, ballotBox, { ballot, answer });
      const note = cast.status === 'answered' ? 'answered' : 'voted';
      const path = `${topicPath(board.topic)}/vote${cast.vote ? `?${note}=${cast.vote.ballotId}` : '?gone'}`;
      await seeOther(res, path, async () => showQueue(res, board, queue, receipt));
    })
    .all(methodNotAllowed);

  router
    .route('/vote/undo')
    .post(requireUser, async (req, res) => {
      const voter = userOf(res).id;
      const { ballot } = readForm(req, 'ballot');
      const vote = await withdrawVote(db, voter, ballot || undefined);
      const board = vote && boards.byTopic(vote.topicId);
      if (!board) return seeOther(res, '/vote');
      const path = `${topicPath(board.topic)}/vote?undone=${vote.ballotId}`;
      const queue = await putBack(askerOf(res, board), vote);
      await seeOther(res, path, async () =>
        showQueue(res, board, queue, undoneReceipt(board, vote, isInFront(queue, vote))),
      );
    })
    .all(methodNotAllowed);

  router
    .route('/profile/votes/:ballotId/withdraw')
    .post(requireUser, async (req, res) => {
      const vote = await withdrawVote(db, userOf(res).id, String(req.params.ballotId));
      if (!vote) throw notFound();
      const board = boards.byTopic(vote.topicId);
      if (board) await putBack(askerOf(res, board), vote);
      flash(res, 'taken-back');
      const { next } = readForm(req, 'next');
      await seeOther(res, next ? localPath(next) : '/profile');
    })
    .all(methodNotAllowed);

  return router;
}

function refusalOf(ballot: Ballot | 'forged' | 'expired', { voter, board }: Asker): string | undefined {
  if (typeof ballot === 'string') return refusals[ballot];
  if (ballot.voter === GUEST) return refusals.visitors;
  if (ballot.voter !== voter) return refusals.foreign;
  return ballot.topicId === board.topic.id ? undefined : refusals.elsewhere;
}
