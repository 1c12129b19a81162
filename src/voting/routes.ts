import { type Response, Router } from 'express';
import { requireUser } from '../auth/sessions/current-user.js';
import { topicPath } from '../catalog/topics.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { clearCookie } from '../http/cookies.js';
import { methodNotAllowed } from '../http/errors.js';
import { flash } from '../http/flash.js';
import { readForm } from '../http/form.js';
import { localPath } from '../http/local-path.js';
import { networkGroup } from '../http/network.js';
import { seeOther, sendPage, wantsPart } from '../http/page.js';
import { notFound } from '../http/problem.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { boardOf } from '../ranking/boards/find-board.js';
import { answerPair, isInFront, receiptFor } from './answering.js';
import { askedPair } from './asked.js';
import { type Ballot, readBallot, signBallot } from './ballot.js';
import type { BallotBox } from './ballot-box.js';
import { COMMON_PAIRS } from './common-pairs.js';
import { findGuest, makeGuest, rememberGuest } from './guests.js';
import type { OwnProgress } from './pages.js';
import { type Pair, picturesOf } from './pairs.js';
import { type Queue, type Queues, today } from './queue.js';
import { type Receipt, refusals, undoneReceipt } from './receipt.js';
import { findVoter, NEW_GUEST, voterOf } from './voter.js';
import { type Asker, putBack, queueOf } from './voter-queue.js';
import { readAnswer, withdrawVote } from './voting.js';

/**
 * The pair page, casting a vote and taking it back, for members and for guests.
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
  const asVoter = findVoter(db, config);

  function askerOf(res: Response, board: Board): Asker {
    const { id: voter, isGuest } = voterOf(res);
    return { db, queues, board, voter, isGuest, secret };
  }

  /** Makes a voter of a guest with their first vote, and lets their browser remember them for another while. */
  async function welcomeGuest(res: Response, { id: ballotId }: Ballot): Promise<void> {
    const voter = voterOf(res);
    if (!voter.isGuest) return;
    const network = networkGroup(res.locals.network, secret);
    if (voter.id === NEW_GUEST) voter.id = await makeGuest(db, { ballotId, networkGroup: network });
    rememberGuest(res, voter.id, config);
  }

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
    const { id: voter, isGuest } = voterOf(res);
    const ballot = pair && signBallot({ topicId: topic.id, voter, isGuest, ...pair }, secret);
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
        ...(isGuest
          ? { guest: { kept: queue.answers, pairs: COMMON_PAIRS } }
          : { own: progressOf(voter, board, queue.answers) }),
      },
      'voting/_pair',
    );
  }

  router
    .route(['/vote', '/topics/:slug/vote'])
    .get(asVoter, async (req, res) => {
      const board = boardOf(boards, req);
      const { id: voter, isGuest } = voterOf(res);
      const queue = await queueOf(askerOf(res, board));
      const wanted = board.find(Number(req.query.with));
      if (!wanted)
        return showQueue(res, board, queue, await receiptFor({ db, board, voter }, queue, req.query));
      if (isGuest) return showQueue(res, board, queue, { text: refusals.guestAsked });
      const { pair, text } = await askedPair(db, board, wanted, { voter, queue, secret });
      const [front, second] = queue.pairs;
      showPair(res, board, { pair, next: pair === front ? second : front, queue, receipt: { text } });
    })
    .post(asVoter, async (req, res, next) => {
      const board = boardOf(boards, req);
      const form = readForm(req, 'ballot', 'choice');
      const ballot = readBallot(form.ballot, config.secrets);
      if (isOfMember(ballot) && !res.locals.user) return void requireUser(req, res, next);
      const refused = refusalOf(ballot, askerOf(res, board));
      // Somebody else has logged in on this browser since: the whole page is to show who.
      if (refused === refusals.foreign && res.locals.user && wantsPart(res)) {
        flash(res, 'not-yours');
        return seeOther(res, `${topicPath(board.topic)}/vote`);
      }
      if (refused || typeof ballot === 'string') {
        res.status(422);
        return showQueue(res, board, await queueOf(askerOf(res, board)), { text: refused ?? '' });
      }
      const answer = readAnswer(form.choice);
      if (!answer) {
        res.status(422);
        const receipt = { text: refusals.unanswered };
        return showPair(res, board, { pair: ballot, queue: await queueOf(askerOf(res, board)), receipt });
      }
      await welcomeGuest(res, ballot);
      const asker = askerOf(res, board);
      const own = { ...ballot, voter: asker.voter };
      const { cast, queue, receipt } = await answerPair(asker, ballotBox, { ballot: own, answer });
      // They have logged in, or deleted their votes, in another tab just now.
      if (cast.status === 'gone' && asker.isGuest && !(await findGuest(db, asker.voter))) {
        res.locals.voter = { id: NEW_GUEST, isGuest: true };
        clearCookie(res, 'guest');
        res.status(422);
        return showQueue(res, board, await queueOf(askerOf(res, board)), { text: refusals.guestGone });
      }
      const note = cast.status === 'answered' ? 'answered' : 'voted';
      const path = `${topicPath(board.topic)}/vote${cast.vote ? `?${note}=${cast.vote.ballotId}` : '?gone'}`;
      await seeOther(res, path, async () => showQueue(res, board, queue, receipt));
    })
    .all(methodNotAllowed);

  router
    .route('/vote/undo')
    .post(asVoter, async (req, res) => {
      const { id: voter } = voterOf(res);
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
    .post(asVoter, async (req, res) => {
      const vote = await withdrawVote(db, voterOf(res).id, String(req.params.ballotId));
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

const isOfMember = (ballot: Ballot | 'forged' | 'expired'): boolean =>
  typeof ballot === 'object' && !ballot.isGuest;

function refusalOf(
  ballot: Ballot | 'forged' | 'expired',
  { voter, isGuest, board }: Asker,
): string | undefined {
  if (typeof ballot === 'string') return refusals[ballot];
  if (ballot.isGuest && !isGuest) return refusals.loggedIn;
  if (ballot.voter !== voter && ballot.voter !== NEW_GUEST) return refusals.foreign;
  return ballot.topicId === board.topic.id ? undefined : refusals.elsewhere;
}
