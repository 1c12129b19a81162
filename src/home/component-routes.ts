import { Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { Board, type StoredThing } from '../ranking/boards/board.js';
import { makeRankTable } from '../ranking/pages/rank-table.js';
import type { BarPart } from '../voting/pages.js';

/** A page for developers with each part of the pages, in both colour schemes. The app has it in development only. */
export function componentRoutes(): Router {
  const router = Router();
  router
    .route('/dev/components')
    .get((_req, res) =>
      sendPage(res, 'home/components', {
        ...{ board, table: makeRankTable(board, board.standings), unusual: board.standings.slice(2, 4) },
        agreement: bar(['you', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'no']),
        progress: bar(['on', 'on', 'on', 'on', 'off', 'off', 'off', 'off', 'off', 'off']),
      }),
    )
    .all(methodNotAllowed);
  return router;
}

const bar = (kinds: BarPart['kind'][]): BarPart[] =>
  kinds.map((kind, index) => ({
    x: (index * 100) / kinds.length,
    width: 100 / kinds.length - 1,
    kind,
  }));

const topic = {
  ...{ id: 1, slug: 'samples', title: 'Samples', question: 'Which sample do you prefer?' },
  ...{ access: 'link' as const, hiddenAt: null, isDefault: true, goal: 3 as const },
  ...{ phase: 'open' as const, results: 'always' as const, opensAt: null, closesAt: null },
  ...{
    timeZone: 'UTC',
    takesSuggestions: false,
    notes: 'none' as const,
    embedOrigins: [],
    votesEach: null,
    code: null,
  },
  ...{ inPerson: false, visits: 3 },
};

/** Names and pictures that test a layout: a usual one, a long one, one from right to left, and an emoji. */
const things: Pick<StoredThing, 'name' | 'picture' | 'description'>[] = [
  { name: 'Avocado', picture: 'avocado.svg', description: 'Green, and never ripe on the day you need it' },
  { name: 'Rollercoaster', picture: null, description: 'A thing without a picture shows its first letter' },
  {
    name: 'The last piece of a birthday cake that somebody wanted to keep for tomorrow',
    picture: 'shortcake.svg',
    description: null,
  },
  { name: 'خبز طازج', picture: null, description: null },
  { name: '👩‍🚀 Space travel', picture: null, description: null },
];

const board = new Board(
  {
    ...{ ...topic, version: 1, fit: undefined, loadedAt: new Date(0), retired: new Set(), merges: new Map() },
    ...{ progress: [], expectedShare: 0.8 },
    trends: {
      readAt: new Date(0),
      ranks: new Map([
        [1, [4, 3, 3, 2, 2, 1]],
        [2, [1, 1, 2, 1, 1, 2]],
      ]),
    },
  },
  things.map((thing, index) => ({
    ...{
      ...thing,
      hasText: false,
      tags: [],
      location: null,
      id: index + 1,
      mean: 1 - index / 2,
      variance: 0.1,
    },
    // The last thing is new.
    ...(index === things.length - 1 ? { wins: 1, losses: 2, ties: 0 } : { wins: 20, losses: 5, ties: 1 }),
    ...{ rank: index + 1, low: Math.max(1, index), high: index + 2, topChance: 0.9 - index / 5 },
    ...{ previousRank: [2, 1, 3, 4, null][index] ?? null, isLevelWithNext: index === 1 },
  })),
);
