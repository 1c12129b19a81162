import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type RequestHandler, type Response, Router } from 'express';
import { topicPath } from '../../catalog/topics.js';
import { entityTag, sendNotModified } from '../../http/conditional-get.js';
import { methodNotAllowed } from '../../http/errors.js';
import { sendPage, wantsFragment } from '../../http/page.js';
import { Problem } from '../../http/problem.js';
import type { Board } from '../boards/board.js';
import { describeSettled, isSettled, shownRanks, titleOf } from '../boards/describe-goal.js';
import { askedTrack, tracksOf } from '../boards/track.js';
import { showsResultsToAll, type TopicVisit, visitResults, visitTopic } from '../boards/visit-topic.js';
import { findSnapshot, readSnapshot } from '../ranker/snapshots.js';
import { makeGoalCourse } from './goal-course.js';
import { sendHidden } from './hidden-page.js';
import { type Listing, listStandings, pageNumbers, parseSearchQuery } from './leaderboard.js';
import type { PageLink, PageLinks, RankingServices, TopicPage } from './pages.js';
import { makeRankTable } from './rank-table.js';

/** The leaderboards of topics, the page that explains the ranking, and the download of its data. */
export function rankingRoutes(services: RankingServices): Router {
  const { boards } = services;
  const router = Router();
  router
    .route('/topics/:slug')
    .get(async (req, res) => {
      const { board } = await visitTopic(services, req, res);
      res.redirect(303, `${topicPath(board.topic)}/top`);
    })
    .all(methodNotAllowed);

  router
    .route(['/top', '/topics/:slug/top'])
    .get(async (req, res) => {
      const visit = await visitTopic(services, req, res);
      if (visit.hidden) return sendHidden(res, visit);
      const track = askedTrack(visit.board, req.query.tag);
      return sendTop(services, visit, { track, res });
    })
    .all(methodNotAllowed);

  router
    .route(['/ranking', '/topics/:slug/ranking'])
    .get(async (req, res) => {
      const visit = await visitTopic(services, req, res);
      if (visit.hidden) return sendHidden(res, visit);
      const { board: whole, phase } = visit;
      const board = askedTrack(whole, req.query.tag);
      const query = parseSearchQuery(req.query.q);
      const listing = listStandings(board, query, req.query.page);
      const table = makeRankTable(board, listing.standings);
      const links = linkPages(board, query, listing);
      sendPage(res, 'ranking/ranking', {
        ...topicPage(whole, board, phase),
        ...listing,
        ...table,
        query,
        links,
      });
    })
    .all(methodNotAllowed);

  router
    .route('/how')
    .get((_req, res) => {
      const topics = boards
        .listed()
        .filter(({ topic }) => showsResultsToAll(topic))
        .map(({ topic, size, votes, fit }) => ({
          ...{ ...topic, size, votes, fit },
          deviation: Math.sqrt(fit?.spread ?? 0),
        }));
      sendPage(res, 'ranking/how', { topics });
    })
    .all(methodNotAllowed);

  router.route('/topics/:slug/data.json').get(sendSnapshot(services)).all(methodNotAllowed);
  return router;
}

function sendTop(
  { boards, prerendered }: RankingServices,
  { board: whole, phase, isForEveryone }: TopicVisit,
  { track: board, res }: { track: Board; res: Response },
): void {
  const { topic, version, loadedAt } = board;
  // The table is the same for everyone, so the topic and the version of its board identify it.
  const state = `${topic.id}-${version}${board.track === undefined ? '' : `-${encodeURIComponent(board.track)}`}`;
  if (wantsFragment(res) && sendNotModified(res, state)) return;
  const { slug } = res.req.params;
  prerendered.send(res, board, {
    path: `${topicPath(topic)}/top`,
    page: 'ranking/top',
    fragment: 'ranking/_table',
    read: () => ({
      ...topicPage(whole, board, phase),
      ...makeRankTable(board, board.standings.slice(0, shownRanks(board.goal))),
      settled: phase === 'closed' && !isSettled(board) ? NOT_SETTLED : describeSettled(board),
      course: makeGoalCourse(board),
      tag: entityTag(state),
    }),
    // Only the page of the whole topic is kept for all.
    isForEveryone: isForEveryone && board === whole,
    isCurrent: () => boards.find(slug as string | undefined)?.loadedAt === loadedAt,
  });
}

/** No more votes will come, so nothing is “still open”. */
const NOT_SETTLED = ['There were too few votes to be sure of these ranks.'];

/** @param board the whole board, or that of a track of it */
const topicPage = (
  whole: Board,
  { topic, size, votes, goal, track }: Board,
  phase: TopicVisit['phase'],
): TopicPage => ({
  topic,
  path: topicPath(topic),
  size,
  votes,
  title: titleOf(goal),
  tracks: tracksOf(whole),
  track,
  isClosed: phase === 'closed',
});

function linkPages({ topic, track }: Board, query: string, listing: Listing): PageLinks {
  const link = (page: number): PageLink => {
    // The first page has the plain address.
    const parameters = new URLSearchParams({
      ...(track !== undefined && { tag: track }),
      ...(query && { q: query }),
      ...(page > 1 && { page: String(page) }),
    });
    const rankingPath = `${topicPath(topic)}/ranking`;
    return { page, path: parameters.size > 0 ? `${rankingPath}?${parameters}` : rankingPath };
  };
  const { page, pages } = listing;
  return {
    numbers: pageNumbers(listing).map((number) => (number === undefined ? undefined : link(number))),
    previous: page > 1 ? link(page - 1) : undefined,
    next: page < pages ? link(page + 1) : undefined,
  };
}

function sendSnapshot(services: RankingServices): RequestHandler {
  const { db } = services;
  return async (req, res) => {
    const { topic } = (await visitResults(services, req, res)).board;
    const id = await findSnapshot(db, topic.id);
    if (id === undefined)
      throw new Problem(404, 'There is no data yet', 'It appears after ten people have voted.');
    res.vary('Accept-Encoding');
    if (sendNotModified(res, `snapshot-${id}`)) return;
    res.attachment(`thinga-${topic.slug}.json`).type('json');
    const body = Readable.from(readSnapshot(db, id));
    if (!req.acceptsEncodings('gzip')) return pipeline(body, createGunzip(), res);
    res.set('Content-Encoding', 'gzip');
    return pipeline(body, res);
  };
}
