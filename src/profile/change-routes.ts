import { type Request, type Response, Router } from 'express';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import { phaseAt } from '../catalog/phase.js';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { readForm } from '../http/form.js';
import { seeOther, sendPage } from '../http/page.js';
import { notFound, Problem } from '../http/problem.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { type Ballot, readBallot, signBallot } from '../voting/ballot.js';
import { findNote, hasSameReaders, MAX_NOTE, readNote } from '../voting/notes.js';
import { maySee, pairOf } from '../voting/pairs.js';
import type { Queues } from '../voting/queue.js';
import { whyRefused } from '../voting/takes-votes.js';
import { sightOf } from '../voting/voter.js';
import { findAnswer, findVote, readAnswer, type Vote } from '../voting/voting.js';
import { describeShortly } from '../voting/words.js';
import { changeVote } from './change.js';

/** The page and the form with which users change the answer of an earlier vote. */
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

  router
    .route('/profile/votes/:ballotId/change')
    .get(requireUser, async (req, res) => showPair(res, await findOwnVote(req, res)))
    .post(requireUser, async (req, res) => {
      const form = readForm(req, 'ballot', 'choice', 'note', 'note-readers');
      const old = await findOwnVote(req, res);
      const ballot = readBallotFor(old, form.ballot, userOf(res).id);
      const answer = readAnswer(form.choice);
      const note = readNote(form.note);
      if (!answer || answer.outcome === 'skip')
        return showPair(res.status(422), old, { error: UNANSWERED, note: form.note });
      if (note === 'too long') return showPair(res.status(422), old, { error: LONG_NOTE, note: form.note });
      const topic = boards.byTopic(old.topicId)?.topic;
      if (note && topic && !hasSameReaders(form['note-readers'], topic))
        return showPair(res.status(422), old, { error: OTHER_READERS, note: form.note });
      const { outcome } = answer;
      const { status, vote } = await changeVote({ db, queues }, old, { ballot, outcome, note });
      if (status === 'gone') throw await reasonOf(old, ballot.voterId);
      if (status === 'withdrawn') throw takenBack();
      await seeOther(res, `/profile/votes?${status === 'changed' ? 'changed' : 'kept'}=${vote.ballotId}`);
    })
    .all(methodNotAllowed);

  async function findOwnVote(req: Request, res: Response): Promise<Vote> {
    const vote = await findVote(db, userOf(res).id, String(req.params.ballotId));
    if (!vote) throw notFound();
    return vote;
  }

  async function showPair(
    res: Response,
    old: Vote,
    { error, note }: { error: string; note?: string } = { error: '' },
  ): Promise<void> {
    const board = boards.byTopic(old.topicId);
    const [left, right] = [board?.find(old.leftId), board?.find(old.rightId)];
    if (!board || !left || !right) throw takenDown();
    const voterId = userOf(res).id;
    if (!maySee({ board, own: sightOf(board, { id: voterId }).own }, old)) throw ownWork();
    const phase = phaseAt(board.topic);
    if (phase !== 'open') throw phase === 'paused' ? votingPaused() : votingClosed();
    if (old.withdrawnAt) {
      const standing = await findAnswer(db, voterId, old);
      if (standing) return res.redirect(303, `/profile/votes/${standing.ballotId}/change`);
      throw takenBack();
    }
    const offer = { topicId: old.topicId, voterId, isGuest: false, ...pairOf(old) };
    sendPage(res, 'profile/change', {
      topic: board.topic,
      left,
      right,
      old,
      answer: describeShortly(board, old),
      ballot: signBallot(offer, config.secrets[0]),
      error,
      note: note ?? (await findNote(db, old.id)) ?? '',
    });
  }

  async function reasonOf(old: Vote, voterId: number): Promise<Problem> {
    const refusal = await whyRefused(db, { ...old, voterId });
    if (refusal === 'ownWork') return ownWork();
    if (refusal === 'paused') return votingPaused();
    return refusal ? votingClosed() : takenDown();
  }

  /**
   * Reads the ballot for a changed answer.
   * @throws Problem 422 when it was not made for this vote's pair and voter
   */
  function readBallotFor(old: Vote, signed: string, voterId: number): Ballot {
    const ballot = readBallot(signed, config.secrets);
    if (typeof ballot === 'string' || ballot.voterId !== voterId || !isSamePair(ballot, old))
      throw otherPair();
    return ballot;
  }

  return router;
}

function isSamePair(
  one: Pick<Vote, 'topicId' | 'leftId' | 'rightId'>,
  other: Pick<Vote, 'topicId' | 'leftId' | 'rightId'>,
): boolean {
  return one.topicId === other.topicId && one.leftId === other.leftId && one.rightId === other.rightId;
}

const UNANSWERED = 'Nothing has changed yet. Choose one of the answers below.';
const OTHER_READERS = 'Nothing has changed yet. Who reads your note is different now. Look at it again.';
const LONG_NOTE = `Nothing has changed yet. Your note has more than ${MAX_NOTE} characters.`;

const takenDown = (): Problem =>
  new Problem(410, 'One of these was removed', 'We can’t show the pair again. Your vote stays as it was.');

const ownWork = (): Problem =>
  new Problem(
    410,
    'One of these is your own work',
    'We don’t show you the pair again. Your vote stays as it was.',
  );

const votingClosed = (): Problem => new Problem(409, 'Voting has closed', 'Your vote stays as it is.');

const votingPaused = (): Problem =>
  new Problem(409, 'Voting is paused', 'Your vote stays as it is. You can change it when voting goes on.');

const takenBack = (): Problem =>
  new Problem(410, 'You took this vote back', 'It no longer counts, so there is nothing to change.');

const otherPair = (): Problem =>
  new Problem(
    422,
    'Nothing has changed',
    'That form was for another pair or more than 24 hours old. Open the pair from your votes again.',
  );
