import { renderMarkdown } from '../../catalog/markdown.js';
import { findThing } from '../../catalog/things.js';
import { topicPath } from '../../catalog/topics.js';
import type { Database } from '../../database.js';
import type { Page, Pages } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import type { Board } from '../boards/board.js';
import { describeStanding } from '../boards/describe-standing.js';
import { readRankHistory } from '../boards/rank-history.js';
import { makeChart } from './chart.js';
import { MIN_MATCH_UPS, readHeadToHead } from './head-to-head.js';
import { pageOfRank } from './leaderboard.js';
import { barOn, makeScale } from './rank-scale.js';

/** The page of a thing with its data, which is the same for all visitors. */
export type ThingPageState = Extract<Page, { page: 'ranking/thing' | 'ranking/retired' }>;

/**
 * Reads the data of a thing's page with three queries, or two when the thing is retired.
 * @param board the board of the thing's topic
 * @throws Problem 404 when the thing does not exist
 */
export async function readThingPage(db: Database, board: Board, id: number): Promise<ThingPageState> {
  const thing = await findThing(db, id);
  if (!thing) throw notFound();
  const { topic, size, standings } = board;
  const path = topicPath(topic);
  const history = await readRankHistory(db, id);
  const standing = board.find(id);
  if (!standing) {
    const chart = makeChart(history, undefined, size);
    const mergedInto = board.find(board.merges.get(id) ?? 0);
    return toState('ranking/retired', { thing, topic, path, chart, mergedInto });
  }
  const { rank, low, high } = standing;
  const scale = makeScale(1, size, board.goal);
  return toState('ranking/thing', {
    thing,
    text: thing.text ? renderMarkdown(thing.text) : undefined,
    standing,
    topic,
    path,
    size,
    ...describeStanding(standing, board),
    record: await readHeadToHead(db, board, standing),
    minMatchUps: MIN_MATCH_UPS,
    scale,
    bar: barOn(scale, standing),
    chart: makeChart(history, { at: new Date(), rank, low, high }, size),
    neighbours: [standings[rank - 2], standings[rank]],
    rankingPath: `${path}/ranking?page=${pageOfRank(rank)}#thing-${id}`,
  });
}

const toState = <Name extends ThingPageState['page']>(page: Name, data: Pages[Name]): ThingPageState =>
  ({ page, read: () => data }) as ThingPageState;
