import { Router } from 'express';
import { methodNotAllowed } from '../http/errors.js';
import { sendPage } from '../http/page.js';
import { qrCodeOf } from '../organize/qr-code.js';
import { compareRows, scaleOf } from '../profile/lists.js';
import { Board, type Standing, type StoredThing } from '../ranking/boards/board.js';
import { describeStanding } from '../ranking/boards/describe-standing.js';
import { makeRankTable } from '../ranking/pages/rank-table.js';
import { describeStop } from '../voting/in-person.js';
import type { BarPart } from '../voting/pages.js';
import { topicCards } from './topics.js';

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
        ...ofVoters,
        ...ofOrganisers,
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

const [first, second, third] = board.standings as [Standing, Standing, Standing];

const ofVoters = {
  stop: describeStop({ ...first, location: '12' }),
  noted: { ...board.topic, notes: 'organisers' as const },
  leaders: board.standings
    .slice(0, 3)
    .map((standing) => ({ ...standing, ...describeStanding(standing, board) })),
  card: topicCards([board], { own: [], voters: new Map([[board.topic.id, 7]]) })[0],
  own: {
    rows: compareRows([
      { ...second, rank: 1, theirs: 2, range: '1st–2nd', isLevelWithNext: true },
      { ...first, rank: 2, theirs: 1, range: '1st–3rd', isLevelWithNext: false },
      { ...third, rank: 3, theirs: 3, range: '2nd–3rd', isLevelWithNext: false },
    ]),
    scale: scaleOf(3),
  },
  recoveryCode: ['7K3M-', 'Q9TX-', 'B2HC-', 'W6PD-', '4RNJ'],
};

const address = 'thinga.example/join/a-sample';
const qr = qrCodeOf(`https://${address}`);
const judge = {
  ...{ voterId: 1, key: 'a', name: 'Mina', team: 'Blue', votes: 42, latest: new Date('2026-11-30T12:00Z') },
  ...{ state: 'counted' as const, seconds: 4.2, leftShare: 0.48, infit: 1.1, differs: false },
};

const ofOrganisers = {
  join: { qr, code: 'BCDF-2345', joinUrl: 'thinga.example/join', mayRun: true, manage: '/dev/components' },
  invitation: { ...judge, address, qr, title: board.topic.title },
  judges: [
    judge,
    { ...judge, key: 'b', name: 'Guest 3', team: null, infit: 1.9, differs: true },
    { ...judge, key: 'c', name: 'Leo', state: 'set apart' as const },
  ],
};
