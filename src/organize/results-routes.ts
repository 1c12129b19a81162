import { type Response, Router } from 'express';
import type { Config } from '../config.js';
import type { Database } from '../database.js';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { notFound } from '../http/problem.js';
import type { Board } from '../ranking/boards/board.js';
import type { Boards } from '../ranking/boards/board-loader.js';
import { describeSettled, titleOf } from '../ranking/boards/describe-goal.js';
import { askedTrack, tracksOf } from '../ranking/boards/track.js';
import { readTopicFigures } from '../ranking/diagnostics/topic-figures.js';
import { makeRankTable } from '../ranking/pages/rank-table.js';
import { boardToJson } from '../ranking/transfer/board-json.js';
import { exportRanking, exportTrack } from '../ranking/transfer/export.js';
import { managePage } from './manage-page.js';
import type { ShownFigures } from './pages.js';
import { organizedTopicOf, requireRole } from './require-role.js';

interface ResultsServices {
  db: Database;
  boards: Boards;
  config: Config;
}

/** How many rows a page prints, and of how many votes it works out the figures. */
const [MAX_ROWS, MAX_VOTES] = [1_000, 50_000];

/** The results of a topic for those who run it: to look at, to print and to download. */
export function resultsRoutes(services: ResultsServices): Router {
  const { db, boards, config } = services;
  const router = Router();
  const mayLook = requireRole(services, 'look');

  router
    .route('/topics/:slug/manage/results')
    .get(mayLook, async (req, res) => {
      const whole = await boardOf(boards, res);
      const board = askedTrack(whole, req.query.tag);
      const { size, votes, goal } = board;
      sendPage(res, 'organize/results', {
        ...{ ...managePage(res), size, votes, title: titleOf(goal), settled: describeSettled(board) },
        embed: `${config.publicOrigin}/topics/${board.topic.slug}/embed`,
        ...makeRankTable(board, board.standings.slice(0, MAX_ROWS)),
        ...{ tracks: tracksOf(whole), track: board.track },
        // They are about all votes of the topic.
        figures:
          board === whole && votes > 0 && votes <= MAX_VOTES ? await readFigures(db, board) : undefined,
      });
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/results.csv')
    .get(mayLook, async (req, res) => {
      const { slug } = organizedTopicOf(res).topic;
      const track = req.query.tag ? askedTrack(await boardOf(boards, res), req.query.tag) : undefined;
      res.attachment(`${slug}.csv`).type('csv');
      await (track ? exportTrack(track, res) : exportRanking(db, slug, res));
    })
    .all(methodNotAllowed);

  router
    .route('/topics/:slug/manage/results.json')
    .get(mayLook, async (req, res) => {
      const board = askedTrack(await boardOf(boards, res), req.query.tag);
      res.attachment(`${board.topic.slug}.json`);
      res.json(boardToJson(board, { origin: config.publicOrigin, shown: board.size }));
    })
    .all(methodNotAllowed);

  return router;
}

async function boardOf(boards: Boards, res: Response): Promise<Board> {
  await boards.refresh();
  const board = boards.byTopic(organizedTopicOf(res).topic.id);
  if (!board) throw notFound();
  return board;
}

async function readFigures(db: Database, board: Board): Promise<ShownFigures> {
  const figures = await readTopicFigures(db, board.topic.id);
  const { reliability, leftShare, medianSeconds, voters, disputed } = figures;
  return {
    voters: voters.length,
    reliability: reliability?.toFixed(2) ?? '',
    leftShare: leftShare === null ? '' : `${Math.round(100 * leftShare)} %`,
    seconds: medianSeconds === null ? '' : `${medianSeconds.toFixed(1)} s`,
    differing: voters.filter(({ differs }) => differs).length,
    disputed: disputed.flatMap((id) => board.find(id)?.name ?? []),
  };
}
