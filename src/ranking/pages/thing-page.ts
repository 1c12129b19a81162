import { findThing } from '../../catalog/things.js';
import { topicPath } from '../../catalog/topics.js';
import type { Database } from '../../database.js';
import type { Page, Pages } from '../../http/page.js';
import { notFound } from '../../http/problem.js';
import type { Board } from '../boards/board.js';
import { describe } from '../boards/describe.js';
import { ranksOverTime } from '../boards/history.js';
import { chartOf } from './chart.js';
import { headToHead, SURPRISE_FROM } from './head-to-head.js';
import { pageOf } from './leaderboard.js';

/** A thing's page, apart from who is looking. */
export type ReadyPage = Extract<Page, { page: 'ranking/thing' | 'ranking/retired' }>;

/**
 * Reads all that the page of a thing shows: three statements for the database.
 * @param board the board of its topic
 * @throws Problem 404 when the thing is gone
 */
export async function readThingPage(db: Database, board: Board, id: number): Promise<ReadyPage> {
  const thing = await findThing(db, id);
  if (!thing) throw notFound();
  const { topic, size, standings } = board;
  const path = topicPath(topic);
  const past = await ranksOverTime(db, id);
  const standing = board.find(id);
  if (!standing)
    return ready('ranking/retired', { thing, topic, path, chart: chartOf(past, undefined, size) });
  const { rank, low, high } = standing;
  return ready('ranking/thing', {
    thing,
    standing,
    topic,
    path,
    size,
    ...describe(standing, board),
    record: await headToHead(db, board, standing),
    surpriseFrom: SURPRISE_FROM,
    chart: chartOf(past, { at: new Date(), rank, low, high }, size),
    neighbours: [standings[rank - 2], standings[rank]],
    inRanking: `${path}/ranking?page=${pageOf(rank)}#thing-${id}`,
  });
}

const ready = <Name extends ReadyPage['page']>(page: Name, data: Pages[Name]): ReadyPage =>
  ({ page, read: () => data }) as ReadyPage;
