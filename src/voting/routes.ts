import { type Request, type Response, Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import type { Board } from '../ranking/board.js';
import type { Boards } from '../ranking/boards.js';
import { weightOf } from '../ranking/weigher.js';
import { boardOf, topicPath } from '../things/topics.js';
import { requireUser, userOf } from '../web/current-user.js';
import { methodNotAllowed } from '../web/errors.js';
import { flash } from '../web/flash.js';
import { readForm } from '../web/form.js';
import { localPath } from '../web/local-path.js';
import { seeOther, sendPage, wantsPart } from '../web/page.js';
import { notFound } from '../web/problem.js';
import { askedPair, castAsked } from './asked.js';
import { readBallot, signBallot } from './ballot.js';
import { effectOf } from './effect.js';
import { GUEST } from './guests.js';
import type { Offers } from './offers.js';
import { type Pair, picturesOf } from './pairs.js';
import { type Receipt, receiptOf, refusals, undoneReceipt } from './receipt.js';
import { haveSameThings, type OwnProgress, type Turn, turnOf } from './turn.js';
import { type Cast, castVote, findVote, readAnswer, type Vote, withdrawVote } from './voting.js';

/**
 * The pair page, casting a vote and taking it back.
 * @param progressOf how far a voter's own Top of a topic has come, after which of their votes
 */
export function votingRoutes(
  db: Database,
  boards: Boards,
  offers: Offers,
  progressOf: (voter: number, board: Board, after: number) => Promise<OwnProgress>,
  config: Config,
): Router {
  const router = Router();

  const turnNow = (res: Response, board: Board): Promise<Turn> =>
    turnOf(db, board, offers, userOf(res).id, config.secrets[0]);

  async function showNext(res: Response, board: Board, receipt?: Receipt): Promise<void> {
    await showTurn(res, board, await turnNow(res, board), receipt);
  }

  async function showTurn(res: Response, board: Board, turn: Turn, receipt?: Receipt): Promise<void> {
    const own = await progressOf(userOf(res).id, board, turn.after);
    const { pair, ahead, today } = turn;
    showPair(res, board, pair, { receipt, ahead: picturesOf(board, ahead), today, own });
  }

  function showPair(
    res: Response,
    board: Board,
    pair: Pair | undefined,
    seen: { receipt?: Receipt | undefined; ahead?: string[]; today?: number; own?: OwnProgress },
  ): void {
    const voter = userOf(res).id;
    const ballot = pair && signBallot({ topicId: board.topic.id, voter, ...pair }, config.secrets[0]);
    const [left, right] = pair ? [board.find(pair.leftId), board.find(pair.rightId)] : [];
    const data = { board, topic: board.topic, path: topicPath(board.topic), left, right, ballot, ...seen };
    sendPage(res, 'voting/vote', data, 'voting/_pair');
  }

  router
    .route(['/vote', '/topics/:slug/vote'])
    .get(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const voter = userOf(res).id;
      const turn = await turnNow(res, board);
      const wanted = board.find(Number(req.query.with));
      if (!wanted) return showTurn(res, board, turn, await receiptFor(db, board, voter, turn, req));
      const { pair, text } = await askedPair(db, board, wanted, voter, turn, config.secrets[0]);
      await showTurn(
        res,
        board,
        { ...turn, pair, ahead: pair === turn.pair ? turn.ahead : turn.pair },
        { text },
      );
    })
    .post(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const voter = userOf(res).id;
      const form = readForm(req, 'ballot', 'choice');
      const ballot = readBallot(form.ballot, config.secrets);
      const refused =
        typeof ballot === 'string'
          ? refusals[ballot]
          : ballot.voter === GUEST
            ? refusals.visitors
            : ballot.voter !== voter
              ? refusals.foreign
              : ballot.topicId !== board.topic.id
                ? refusals.elsewhere
                : undefined;
      // Somebody else has logged in on this browser since: the whole page is to show who.
      if (refused === refusals.foreign && wantsPart(res)) {
        flash(res, 'not-yours');
        return seeOther(res, `${topicPath(board.topic)}/vote`);
      }
      if (refused || typeof ballot === 'string') {
        res.status(422);
        return showNext(res, board, { text: refused ?? '' });
      }
      const answer = readAnswer(form.choice);
      if (!answer) {
        res.status(422);
        return showPair(res, board, ballot, { receipt: { text: refusals.unanswered } });
      }
      const cast =
        ballot.strategy === 'asked'
          ? await castAsked(db, ballot, answer, await turnNow(res, board))
          : await castVote(db, ballot, answer);
      const { vote } = cast;
      const note = cast.status === 'answered' ? 'answered' : 'voted';
      const path = `${topicPath(board.topic)}/vote${vote ? `?${note}=${vote.ballotId}` : '?gone'}`;
      await seeOther(res, path, async () => {
        const [turn, receipt] = await Promise.all([
          turnNow(res, board),
          receiptWithEffect(db, board, voter, cast),
        ]);
        await showTurn(res, board, turn, receipt);
      });
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
      await seeOther(res, path, async () => {
        const turn = await turnNow(res, board);
        await showTurn(res, board, turn, undoneReceipt(board, vote, isShown(turn, vote)));
      });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/votes/:ballotId/withdraw')
    .post(requireUser, async (req, res) => {
      const vote = await withdrawVote(db, userOf(res).id, String(req.params.ballotId));
      if (!vote) throw notFound();
      flash(res, 'taken-back');
      const { next } = readForm(req, 'next');
      await seeOther(res, next ? localPath(next) : '/profile');
    })
    .all(methodNotAllowed);

  return router;
}

// The address names the vote whose receipt the page shows, so reloading it shows the same and sends nothing.
async function receiptFor(
  db: Database,
  board: Board,
  voter: number,
  turn: Turn,
  req: Request,
): Promise<Receipt | undefined> {
  const { voted, answered, undone, gone } = req.query;
  if (gone !== undefined) return receiptOf(board, { status: 'gone' });
  const id = voted ?? answered ?? undone;
  const vote = typeof id === 'string' ? await findVote(db, voter, id) : undefined;
  if (!vote || vote.topicId !== board.topic.id) return undefined;
  if (undone && vote.withdrawnAt) return undoneReceipt(board, vote, isShown(turn, vote));
  return receiptWithEffect(db, board, voter, { status: answered ? 'answered' : 'repeated', vote });
}

const isShown = ({ pair }: Turn, vote: Vote): boolean => pair !== undefined && haveSameThings(pair, vote);

async function receiptWithEffect(db: Database, board: Board, voter: number, cast: Cast): Promise<Receipt> {
  const { vote } = cast;
  if (!vote || vote.outcome === 'skip' || vote.withdrawnAt) return receiptOf(board, cast);
  const { weight, reason } = await weightOf(db, voter, vote);
  return {
    ...receiptOf(board, cast, reason),
    effect: await effectOf(db, board, { voterId: voter, vote, weight }),
  };
}
