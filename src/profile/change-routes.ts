import { type Request, type Response, Router } from 'express';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound, Problem } from '../http/problem.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { readBallot, signBallot } from '../voting/ballot.js';
import { pairOf } from '../voting/pairs.js';
import type { Queues } from '../voting/queue.js';
import { findAnswer, findVote, readAnswer, type Vote } from '../voting/voting.js';
import { changeVote } from './change.js';
import { answerOf } from './wording.js';

/** Giving another answer to a pair from one's history: the pair as it was asked, and what was chosen. */
export function changeRoutes({
  db,
  boards,
  config,
  queues,
}: {
  db: Database;
  boards: Boards;
  config: Config;
  queues: Queues;
}): Router {
  const router = Router();

  async function showPair(req: Request, res: Response): Promise<void> {
    const voter = userOf(res).id;
    const old = await findVote(db, voter, String(req.params.ballotId));
    if (!old) throw notFound();
    const board = boards.byTopic(old.topicId);
    const [left, right] = [board?.find(old.leftId), board?.find(old.rightId)];
    if (!board || !left || !right) throw takenDown();
    if (old.withdrawnAt) {
      const standing = await findAnswer(db, voter, old);
      if (standing) return res.redirect(303, `/profile/votes/${standing.ballotId}/change`);
      throw takenBack();
    }
    sendPage(res, 'profile/change', {
      topic: board.topic,
      left,
      right,
      old,
      answer: answerOf(board, old),
      ballot: signBallot({ topicId: old.topicId, voter, isGuest: false, ...pairOf(old) }, config.secrets[0]),
      isUnanswered: req.method === 'POST',
    });
  }

  router
    .route('/profile/votes/:ballotId/change')
    .get(requireUser, showPair)
    .post(requireUser, async (req, res) => {
      const voter = userOf(res).id;
      const form = readForm(req, 'ballot', 'choice');
      const old = await findVote(db, voter, String(req.params.ballotId));
      const ballot = readBallot(form.ballot, config.secrets);
      if (!old) throw notFound();
      if (typeof ballot === 'string' || ballot.voter !== voter || !isSamePair(ballot, old))
        throw notThatPair();
      const answer = readAnswer(form.choice);
      if (!answer || answer.outcome === 'skip') {
        res.status(422);
        return showPair(req, res);
      }
      const { status, vote } = await changeVote(db, old, ballot, answer.outcome);
      if (status === 'changed' && old.unknown) await queues.markStale(userOf(res).id, old.topicId);
      if (status === 'gone') throw takenDown();
      if (status === 'withdrawn') throw takenBack();
      await seeOther(res, `/profile/votes?${status === 'changed' ? 'changed' : 'kept'}=${vote.ballotId}`);
    })
    .all(methodNotAllowed);

  return router;
}

function isSamePair(
  one: Pick<Vote, 'topicId' | 'leftId' | 'rightId'>,
  other: Pick<Vote, 'topicId' | 'leftId' | 'rightId'>,
): boolean {
  return one.topicId === other.topicId && one.leftId === other.leftId && one.rightId === other.rightId;
}

const takenDown = (): Problem =>
  new Problem(
    410,
    'One of those two was taken down',
    'So the pair can’t be shown again. Your answer stands as it was.',
  );

const takenBack = (): Problem =>
  new Problem(410, 'You took that answer back', 'It counts no more, so there is nothing to change.');

const notThatPair = (): Problem =>
  new Problem(
    422,
    'Nothing was changed',
    'That form was for another pair, or open for more than a day. Your answer stands; open the pair from your votes again.',
  );
