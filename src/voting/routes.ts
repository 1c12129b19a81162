import { type Request, type Response, Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import { type Weight, weigh } from '../rating/vote-weight.js';
import { boardOf, topicPath } from '../things/topics.js';
import { requireUser, userOf } from '../web/current-user.js';
import { methodNotAllowed } from '../web/errors.js';
import { flash } from '../web/flash.js';
import { readForm } from '../web/form.js';
import { localPath } from '../web/local-path.js';
import { seeOther, sendPage, wantsPart } from '../web/page.js';
import { notFound } from '../web/problem.js';
import { askedPair } from './asked.js';
import { type Ballot, readBallot, signBallot } from './ballot.js';
import { effectOf } from './effect.js';
import { GUEST } from './guests.js';
import { haveSameThings, type Pair, picturesOf } from './pairs.js';
import type { Queue, Queues } from './queue.js';
import { type Receipt, receiptOf, refusals, undoneReceipt } from './receipt.js';
import {
  type Asker,
  candidatesAfter,
  dropPair,
  putBack,
  queueOf,
  recallQueue,
  takePair,
} from './voter-queue.js';
import {
  type Answer,
  type BallotBox,
  type Cast,
  findKnownVote,
  type KnownVote,
  readAnswer,
  type Vote,
  withdrawVote,
} from './voting.js';

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
        today: day === new Date().toISOString().slice(0, 10) ? votes : 0,
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
      if (!wanted) return showQueue(res, board, queue, await receiptFor({ db, board, voter }, queue, req));
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

interface Answered {
  cast: Cast;
  /** The voter's queue after it. */
  queue: Queue;
  receipt: Receipt;
}

async function answerPair(
  asker: Asker,
  ballotBox: BallotBox,
  { ballot, answer }: { ballot: Ballot; answer: Answer },
): Promise<Answered> {
  const { board } = asker;
  const before = await recallQueue(asker);
  // What was asked for counts as any other once its turn has come.
  const due = before.pairs.find((pair) => haveSameThings(pair, ballot));
  const offered = due ? { ...ballot, strategy: due.strategy } : ballot;
  const candidates = candidatesAfter(asker, before, { pair: offered, answer, seed: ballot.id });
  const cast = await ballotBox.cast(offered, answer, candidates);
  if (cast.status !== 'cast') {
    const queue = await dropPair(asker, ballot);
    const known = cast.vote && (await findKnownVote(asker.db, asker.voter, cast.vote.ballotId));
    return { cast, queue, receipt: receiptOfKnown(board, queue, { status: cast.status, known }) };
  }
  const { vote, open, others } = cast;
  const queue = await takePair(asker, before, { vote, answer, open });
  const { weight, reason } = weightBy(board, before, vote);
  const effect = effectOf(board, { vote, weight, others });
  return { cast, queue, receipt: { ...receiptOf(board, cast, reason), effect } };
}

/** How much a vote counts, as far as its voter's queue tells: the ranker decides. */
function weightBy(board: Board, queue: Queue, vote: Vote): Weight {
  return weigh(vote, { recent: queue.recent, earlier: [], things: Math.max(board.size, 2) });
}

// The address names the vote whose receipt the page shows, so reloading it shows the same and sends nothing.
async function receiptFor(
  { db, board, voter }: Pick<Asker, 'db' | 'board' | 'voter'>,
  queue: Queue,
  req: Request,
): Promise<Receipt | undefined> {
  const { voted, answered, undone, gone } = req.query;
  if (gone !== undefined) return receiptOf(board, { status: 'gone' });
  const id = voted ?? answered ?? undone;
  const known = typeof id === 'string' ? await findKnownVote(db, voter, id) : undefined;
  if (!known || known.vote.topicId !== board.topic.id) return undefined;
  const { vote } = known;
  if (undone && vote.withdrawnAt) return undoneReceipt(board, vote, isInFront(queue, vote));
  return receiptOfKnown(board, queue, { status: answered ? 'answered' : 'repeated', known });
}

const isInFront = ({ pairs: [front] }: Queue, vote: Vote): boolean =>
  front !== undefined && haveSameThings(front, vote);

function receiptOfKnown(
  board: Board,
  queue: Queue,
  { status, known }: { status: Cast['status']; known: KnownVote | undefined },
): Receipt {
  if (!known) return receiptOf(board, { status: 'gone' });
  const { vote, others } = known;
  if (vote.outcome === 'skip' || vote.withdrawnAt) return receiptOf(board, { status, vote });
  const { weight, reason } = known.weight ?? weightBy(board, queue, vote);
  return {
    ...receiptOf(board, { status, vote }, reason),
    effect: effectOf(board, { vote, weight, others }),
  };
}
