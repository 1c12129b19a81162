import { Router } from 'express';
import { readClient } from '../auth/sessions/client.js';
import { requireUser, userOf } from '../auth/sessions/current-user.js';
import { topicPath } from '../catalog/topics.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { boardOf } from '../ranking/boards/find-board.js';
import { countVotes, votesOf } from '../voting/history.js';
import { isOnBoard } from '../voting/pairs.js';
import { findVote, type Vote } from '../voting/voting.js';
import { agreementOf, LATEST, OTHERS_ENOUGH } from './agreement.js';
import { MET_ENOUGH } from './figures.js';
import type { FiguresOfPeople } from './own-figures.js';
import { ANSWERS_ENOUGH, ownTopOf, SHARE_SIZES } from './own-top.js';
import { ownTopics } from './own-votes.js';
import { streaksOf } from './streaks.js';
import { changeReceipt, cyclesInWords } from './wording.js';

const [VOTES_A_PAGE, VOTES_AT_FIRST] = [20, 6];

/** A person's own side: the profile, their own list of each topic beside everybody's, and the history of their votes. */
export function profileRoutes({
  db,
  boards,
  figures,
}: {
  db: Database;
  boards: Boards;
  figures: FiguresOfPeople;
}): Router {
  const router = Router();

  router
    .route('/profile')
    .get(requireUser, async (req, res) => {
      const voter = userOf(res).id;
      const [topics, total, votes, streaks] = await Promise.all([
        ownTopics(db, boards, voter),
        countVotes(db, voter),
        votesOf(db, voter, { limit: VOTES_AT_FIRST + 1 }),
        streaksOf(db, voter),
      ]);
      const [main] = topics;
      const own = main && {
        topic: main.board.topic,
        ...ownTopOf(main.board, await figures.of(voter, main)),
        agreement: await agreementOf(db, voter, main.board),
      };
      sendPage(res, 'profile/profile', {
        total,
        votes: votes.slice(0, VOTES_AT_FIRST),
        hasMore: votes.length > VOTES_AT_FIRST,
        isChangeable: isChangeable(boards),
        streaks,
        own,
        topics: topics.map(({ board, votes }) => ({ ...board.topic, path: ownTopPath(board.topic), votes })),
        enough: { answers: ANSWERS_ENOUGH, others: OTHERS_ENOUGH },
        session: res.locals.session,
        device: readClient(req).device,
      });
    })
    .all(methodNotAllowed);

  router
    .route(['/profile/top', '/profile/topics/:slug/top'])
    .get(requireUser, async (req, res) => {
      const board = boardOf(boards, req);
      const voter = userOf(res).id;
      const topics = await ownTopics(db, boards, voter);
      const mine = topics.find((topic) => topic.board === board);
      const own = mine && {
        ...ownTopOf(board, await figures.of(voter, mine)),
        agreement: await agreementOf(db, voter, board),
        cycles: cyclesInWords(board, await figures.of(voter, mine)),
      };
      sendPage(res, 'profile/top', {
        topic: board.topic,
        path: topicPath(board.topic),
        own,
        sizes: SHARE_SIZES.filter((size) => size <= (own?.isEnough ? own.top.length + own.rest.length : 0)),
        others: topics
          .filter((topic) => topic.board !== board)
          .map(({ board: { topic }, votes }) => ({ ...topic, path: ownTopPath(topic), votes })),
        enough: { answers: ANSWERS_ENOUGH, met: MET_ENOUGH, others: OTHERS_ENOUGH, latest: LATEST },
      });
    })
    .all(methodNotAllowed);

  router
    .route('/profile/votes')
    .get(requireUser, async (req, res) => {
      const voter = userOf(res).id;
      const before = Number(req.query.before);
      const paging = Number.isSafeInteger(before) && before > 0 ? { before } : {};
      const [total, votes] = await Promise.all([
        countVotes(db, voter),
        votesOf(db, voter, { ...paging, limit: VOTES_A_PAGE + 1 }),
      ]);
      const shown = votes.slice(0, VOTES_A_PAGE);
      const { changed, kept } = req.query;
      const changedVote = await findVote(db, voter, String(changed ?? kept));
      sendPage(res, 'profile/votes', {
        total,
        votes: shown,
        older: votes.length > VOTES_A_PAGE ? shown.at(-1)?.id : undefined,
        paged: 'before' in paging,
        receipt:
          changedVote && changeReceipt(boards, changedVote, changed === undefined ? 'same' : 'changed'),
        isChangeable: isChangeable(boards),
      });
    })
    .all(methodNotAllowed);

  return router;
}

// Where a person's own list of a topic is.
const ownTopPath = (topic: { isDefault: boolean; slug: string }): string =>
  topic.isDefault ? '/profile/top' : `/profile/topics/${topic.slug}/top`;

// A pair of which one was taken down can't be shown again.
const isChangeable =
  (boards: Boards) =>
  (vote: Vote): boolean => {
    const board = boards.byTopic(vote.topicId);
    return board !== undefined && isOnBoard(board, vote);
  };
