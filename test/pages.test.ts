import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'cheerio';
import { expect, it } from 'vitest';
import type {} from '../src/app.js';
import { endReasonLabels } from '../src/auth/sessions/end-reasons.js';
import { renderMarkdown } from '../src/catalog/markdown.js';
import { NO_CELLS } from '../src/catalog/thing-fields.js';
import { root } from '../src/config.js';
import { topicCards } from '../src/home/topics.js';
import { loadTemplates, type Pages } from '../src/http/page.js';
import { Problem } from '../src/http/problem.js';
import { settingsFormOf } from '../src/organize/settings.js';
import { compareRows, previewOf, scaleOf } from '../src/profile/lists.js';
import { Board } from '../src/ranking/boards/board.js';
import { describeStanding } from '../src/ranking/boards/describe-standing.js';
import { makeChart } from '../src/ranking/pages/chart.js';
import { barOn, makeScale } from '../src/ranking/pages/rank-scale.js';

const now = new Date();
const topic = {
  ...{ id: 1, slug: 'food', title: 'Food', question: 'Which do you prefer?' },
  ...{ access: 'public' as const, hiddenAt: null, isDefault: true, goal: 20 as const },
  ...{ phase: 'open' as const, results: 'always' as const, opensAt: null, closesAt: now },
  ...{
    timeZone: 'UTC',
    takesSuggestions: false,
    notes: 'teams' as const,
    embedOrigins: [],
    votesEach: 20,
    code: null,
  },
  ...{ inPerson: true, visits: 3 },
};
const runTopic = {
  ...{ id: 1, slug: 'food', title: 'Food', question: 'Which do you prefer?', goal: 'top 20' },
  ...{
    access: 'link' as const,
    phase: 'open' as const,
    results: 'always' as const,
    timeZone: 'Europe/Berlin',
  },
  ...{ opensAt: null, closesAt: now, votesEach: 20, takesSuggestions: false, embedOrigins: [] },
  notes: 'teams' as const,
  ...{ closedXid: null, closedLedgerId: null, code: null, deletedAt: null, isDefault: false, createdAt: now },
  ...{ inPerson: true, visits: 3 },
  hiddenAt: null,
};
const board = new Board(
  {
    ...{ ...topic, version: 1, fit: undefined, loadedAt: now, retired: new Set(), merges: new Map() },
    ...{ progress: [], expectedShare: 0.9, trends: { readAt: now, ranks: new Map([[1, [3, 2, 1]]]) } },
  },
  ['Ramen', 'Yak', 'Pie'].map((name, index) => ({
    ...{ id: index + 1, name, picture: `${index}.svg`, description: 'Good', hasText: true },
    ...{ tags: ['AI'], location: '12' },
    ...{ mean: 1 - index, variance: 0.1, wins: 20 - index, losses: 5, ties: 1, previousRank: 2 },
    ...{ rank: index + 1, low: 1, high: 3, topChance: 0.9, isLevelWithNext: false },
  })),
);
const [first, second] = board.standings as [Board['standings'][0], Board['standings'][0]];
const rows = board.standings.map((standing) => ({
  ...{ ...standing, ...describeStanding(standing, board), isLastOfGoal: standing.rank === 1 },
  ...{ bar: barOn(makeScale(1, 3, 1), standing), isTiedWithPrevious: true, isTiedWithNext: true },
  trend: 'M0 0L100 50',
}));
const scale = makeScale(1, 3, 1);
const table = { rows, scale, hasTrends: true, hasTies: true, hasMoves: true };
const offered = { left: first, right: second, ballot: 'b' };
const thing = {
  ...{ id: 1, topicId: 1, name: 'Ramen', slug: 'ramen', picture: null, description: 'Good', link: null },
  ...{ text: null, tags: [], location: null, team: null, mergedInto: null, pictureHash: null },
  ...{ addedBy: null, createdAt: now, retiredAt: null },
};
const chart = makeChart(
  [{ at: new Date(now.getTime() - 72 * 3_600_000), rank: 2, low: 1, high: 3 }],
  { at: now, rank: 1, low: 1, high: 2 },
  3,
);
const course = {
  line: 'M10 60L100 20',
  area: 'M10 60L100 20Z',
  end: { x: 100, y: 20 },
  settledAt: 5,
  sentence: 'Now 80 %.',
};
const ofTopic = {
  topic,
  path: '/topics/food',
  size: 3,
  votes: 40,
  title: 'Winner',
  isClosed: true,
  tracks: ['AI'],
  track: 'AI',
};
const vote = {
  ...{ id: 1, ballotId: '8c8f1f0e-5f0f-4c62-9d26-0f6a1b0a3c11', topicId: 1, leftId: 1, rightId: 2 },
  ...{ outcome: 'left' as const, unknown: null, strategy: 'focus' as const, provisional: false },
  ...{ createdAt: now, withdrawnAt: null },
};
const namedVote = { ...vote, left: 'Ramen', right: 'Yak', topic: 'Food', note: 'Crisp' };
const judge = {
  ...{ voterId: 1, key: '0123456789abcdef', name: 'Mina', team: 'Blue', votes: 40, latest: now },
  state: 'counted' as const,
};
const noted = { id: 1, name: 'Ramen', notes: 2 };
const session = {
  ...{ id: 1, publicId: 'c0a8', remembered: true, isConfirmed: true },
  ...{ lastSeenAt: now, expiresAt: now, idleExpiresAt: now },
};
const device = {
  ...{ publicId: 'c0a8', device: 'Firefox on Linux', address: '192.0.2.1', createdAt: now },
  ...{ lastSeenAt: now, expiresAt: now, endedAt: now, endReason: 'idle' as const },
};
const opponent = { otherId: 2, won: 3, lost: 1, ties: 1, other: second, near: 'just below' as const };
const difference = { thing: first, text: ['You put ', { name: 'Ramen' }, ' 2 ranks higher.'], isOpen: true };
const missing = { done: 1, needed: 3, toGo: 2, bar: [{ x: 0, width: 100, kind: 'on' as const }] };
const own = {
  ...{
    answers: 40,
    isEnough: true,
    size: 2,
    title: 'Top 3',
    settled: 'We expect about 2 of these 3 to stay.',
  },
  ...{ next: { title: 'Top 5', things: 10 }, showsDifferences: true, showsCrowd: true },
  rows: board.standings.map(({ id, name, path, picture, rank }) => ({
    ...{ id, name, path, picture, rank, theirs: rank, range: '1st–3rd', isLevelWithNext: false },
  })),
  ...{
    higher: [difference],
    lower: [difference],
    alike: 'Your list is like everyone’s.',
    crowd: board.standings.map(({ id, name, path, picture, rank }) => ({ id, name, path, picture, rank })),
  },
  agreement: { answers: 12, agreed: 9, boldest: ['You chose ', { name: 'Yak' }, ' over Ramen.'] },
};
const share = {
  ...{ token: 'abc', topic: 'Food', topicId: 1, userId: 1, name: 'mina', votes: 40, createdAt: now },
  things: [{ rank: 1, id: 1, path: '/things/1', name: 'Ramen', picture: null }],
};
const link = {
  ...{ token: 'abc', topic: 'Food', size: 3, isNamed: true, createdAt: now },
  url: '/shared/abc',
};
const error = 'This is not right.';
const length = { least: 8, most: 128, good: 15 };

const roleLink = {
  ...{ id: 1, role: 'organiser' as const, topicId: 1, slug: 'food', title: 'Food', madeBy: 'mina' },
  ...{ expiresAt: now, tokenHash: 'a' },
};
const qr = { size: 29, path: 'M0 0h1v1h-1z' };
const managed = { topic: runTopic, role: 'owner' as const, manage: '/topics/food/manage', mayRun: true };
const settingsForm = settingsFormOf({ topic: runTopic });
const preview = {
  ...{ kind: 'table' as const, ignored: ['colour'], ready: 1, wrong: 1, total: 3, hidden: 1, tooMany: 2 },
  rows: [
    { row: 2, name: 'Tea', about: 'Hot', like: 'Teas', problems: [] },
    {
      ...{ row: 3, name: '', about: '', like: '' },
      problems: [{ text: error, label: 'name in row 3', field: 'fix-a:name', value: '', isLong: false }],
    },
  ],
};

const adminEvent = {
  ...{ id: 9, at: now, text: 'Account disabled', by: { id: 2, username: 'ann' }, note: 'Spam' },
  about: { text: 'mina', path: '/admin/people/1' },
};
const adminTopic = {
  ...{
    id: 1,
    slug: 'food',
    title: 'Food',
    question: 'Which?',
    access: 'public' as const,
    phase: 'open' as const,
  },
  ...{ isDefault: false, hiddenAt: null, deletedAt: null, createdAt: now, things: 6, votes: 40, voters: 3 },
  bytes: 2_500_000,
};
const adminFlag = {
  ...{ id: 1, thingId: 1, name: 'Ramen', reason: 'Not a food', createdAt: now },
  ...{ topicId: 1, topicTitle: 'Food', path: '/things/1' },
};
const freshInvitation = {
  ...{ id: 1, note: 'Ann', tokenHash: 'a', createdAt: now, expiresAt: now, state: 'open' as const },
  ...{ usedBy: undefined, url: 'https://thinga.example/register?invitation=abc' },
};
const invitedVoter = {
  ...{ id: 1, name: 'Mina', team: 'Blue', track: 'AI', hasJoined: true, isRevoked: false },
  ...{ votes: 3, tokenHash: 'a', lastVoteAt: now },
};
const suspects = { topicId: 1, title: 'Food', thingId: 1, thing: 'Ramen', deviation: 5.2 };
const listed = { query: 'mi', page: 2, pages: 3, found: 120 };

const pages: { [Name in keyof Pages]: Pages[Name] } = {
  'errors/problem': {
    problem: new Problem(404, 'Not found', 'There is no such page.'),
    requestId: '0123456789ab',
  },
  'admin/health': {
    groups: [
      {
        ...{ state: 'broken', title: 'Broken' },
        checks: [
          { name: 'Ranking', state: 'broken', finding: 'No ranker works.', advice: 'Start the site.' },
        ],
      },
      {
        ...{ state: 'fine', title: 'Fine' },
        checks: [{ name: 'Database', state: 'fine', finding: 'Postgres 18.1, 24 MB.', advice: '' }],
      },
    ],
  },
  'admin/overview': {
    overview: {
      ...{
        people: 12,
        waiting: 1,
        disabled: 1,
        topics: 5,
        hidden: 1,
        votes: 400,
        votersToday: 3,
        toReview: 2,
      },
      alarms: 1,
    },
  },
  'admin/people': {
    ...{ ...listed, filter: 'waiting' },
    people: [
      {
        id: 1,
        username: 'mina',
        role: 'member',
        createdAt: now,
        isDisabled: false,
        isWaiting: true,
        lastSeenAt: null,
      },
      {
        id: 2,
        username: 'ann',
        role: 'admin',
        createdAt: now,
        isDisabled: true,
        isWaiting: false,
        lastSeenAt: now,
      },
    ],
  },
  'admin/person': {
    person: {
      ...{ id: 1, username: 'mina', role: 'member', createdAt: now, disabledAt: null, disabledReason: null },
      ...{ awaitingSince: now, sessions: 2, lastSeenAt: now, votes: 40, decision: 'set apart' },
      topics: [{ id: 1, title: 'Food', role: 'owner' }],
    },
    ...{ events: [adminEvent], resetUrl: 'https://a.example/reset/abc', reason: '', error },
  },
  'admin/topics': { ...listed, filter: 'all', topics: [adminTopic] },
  'admin/topic': {
    ...{ topic: adminTopic, path: '/topics/food/top', maxMegabytes: 200, username: 'nobody', error },
    people: [{ userId: 1, username: 'mina', role: 'owner', createdAt: now }],
  },
  'admin/review': {
    suggestions: [
      {
        ...{
          id: 1,
          proposed: 'Tea',
          by: 'mina',
          at: now,
          topic: { id: 1, title: 'Food' },
          similar: ['Teas'],
        },
        form: { suggestionId: 1, name: 'Tea', description: '', link: '', into: '', reason: '', error },
      },
    ],
    flags: [adminFlag],
  },
  'admin/stuffing': {
    alarms: [{ ...suspects, id: 1, at: now }],
    groups: [
      {
        ...{
          ...suspects,
          group: 'a'.repeat(64),
          name: 'aaaaaa',
          isWide: true,
          voters: 16,
          votes: 400,
          out: 16,
        },
        ...{ firstAt: new Date(now.getTime() - 60_000), lastAt: now },
      },
    ],
  },
  'admin/suspects': {
    ...{ suspects, path: '/stuffing/alarms/1', kind: 'alarm', out: 1 },
    voters: [
      { voterId: 1, username: 'mina', createdAt: now, votes: 20, isOut: true },
      { voterId: 2, username: null, createdAt: now, votes: 20, isOut: false },
    ],
    comparison: {
      ...{ rank: 1, rankWithout: 2 },
      rows: [
        { rank: 1, with: { name: 'Ramen', isPushed: true }, without: { name: 'Yak', isPushed: false } },
        { rank: 2, with: { name: 'Yak', isPushed: false }, without: { name: 'Ramen', isPushed: true } },
      ],
    },
  },
  'admin/invitations': {
    ...{ registration: 'invitation', notes: '', error },
    fresh: [freshInvitation],
    invitations: [
      freshInvitation,
      {
        ...{ id: 2, note: null, tokenHash: 'b', createdAt: now, expiresAt: now, state: 'used' },
        ...{ usedBy: { id: 1, username: 'mina' }, url: undefined },
      },
    ],
  },
  'admin/claim': { path: '/claim/abc' },
  'admin/settings': {
    form: {
      ...{ name: 'Owls', light: '#4f39d8', dark: '#b4a5ff', contact: 'help@thinga.example' },
      ...{ registration: 'approval', topics: 'admins' },
    },
    ...{
      errors: { name: error, light: error, dark: error, contact: error, registration: error, topics: error },
      logo: `${'a'.repeat(64)}-640x640`,
      logoError: error,
      maxMegabytes: 10,
    },
  },
  'admin/activity': {
    ...{ entries: [adminEvent], older: 9 },
    query: { filter: 'admins', person: 'ann', fromDay: '2026-11-01', untilDay: '' },
    check: {
      at: now,
      events: 40,
      chains: 3,
      lastEventId: 40,
      finding: 'event 3 of mina (person 1) was changed',
    },
  },
  'home/index': {
    ...{ topic, leaders: rows, top: 3, votes: 40, tag: '"1"', guestVotes: 2, mayCreate: true },
    topics: topicCards([board], { own: [], voters: new Map() }),
    pair: offered,
  },
  'home/_podium': { leaders: rows, votes: 40, tag: '"1"' },
  'home/topics': {
    organized: [{ title: 'Lunch', phase: 'draft', path: '/topics/lunch/manage' }],
    topics: topicCards([board], {
      own: [{ board, votes: 4, state: '', showsCrowd: true }],
      voters: new Map([[1, 2]]),
    }),
    mayCreate: true,
  },
  'home/accessibility': { contact: { href: 'mailto:a@b.example', text: 'a@b.example' }, idleSeconds: 7200 },
  'home/privacy': {
    ...{
      contact: undefined,
      idleSeconds: 7200,
      expireDays: 30,
      guestDays: 30,
      shortenDays: 30,
      deleteDays: 90,
    },
    ...{ allowedOrigins: ['https://a.example'], sendsMail: true },
  },
  'home/offline': {},
  'home/components': {
    ...{ board, table, unusual: board.standings, agreement: [], progress: [] },
    ...{ stop: ['Go to ', { name: 'Ramen' }], noted: topic, leaders: rows, recoveryCode: ['7K3M'] },
    card: topicCards([board], { own: [], voters: new Map() })[0],
    own: { rows: [], scale },
    join: { qr, code: 'BCDF-2345', joinUrl: 'thinga.example/join', mayRun: true, manage: '/' },
    invitation: { name: 'Mina', team: 'Blue', address: 'thinga.example', qr, title: 'Food' },
    judges: [],
  },
  'ranking/top': {
    ...{ ...ofTopic, ...table },
    settled: ['Still open: we are 60 % sure that ', { name: 'Ramen' }, ' is the best.'],
    course,
    tag: '"1"',
  },
  'ranking/ranking': {
    ...{ ...ofTopic, ...table, query: 'ra', standings: board.standings, found: 3, page: 1, pages: 2 },
    links: {
      numbers: [{ page: 1, path: '/' }, undefined],
      previous: undefined,
      next: { page: 2, path: '/' },
    },
  },
  'ranking/how': {
    topics: [
      {
        ...topic,
        ...{ size: 3, votes: 40, deviation: 1 },
        fit: { votes: 40, spread: 1, decided: 38, leftWins: 20, fittedAt: now, hasSnapshot: true },
      },
    ],
  },
  'ranking/thing': {
    text: renderMarkdown('# Ramen'),
    ...{ ...describeStanding(first, board), ...ofTopic, thing, standing: first, minMatchUps: 3, chart },
    ...{ scale, bar: barOn(scale, first) },
    record: { matchUps: 5, opponents: [opponent], bestWins: [opponent], worstLosses: [opponent] },
    ...{ neighbours: [undefined, second], rankingPath: '/topics/food/ranking' },
  },
  'ranking/embed': {
    ...{
      topic,
      title: 'Top 3',
      votes: 40,
      hidden: undefined,
      ...table,
      url: 'https://example.org/topics/food',
    },
  },
  'ranking/retired': {
    mergedInto: first,
    ...ofTopic,
    thing,
    chart,
  },
  'ranking/hidden': { topic, path: '/topics/food', phase: 'open', hidden: 'after closing', answers: 1 },
  'auth/login': {
    next: '/',
    idleSeconds: 7200,
    username: 'mina',
    remembered: true,
    error,
    passkeyError: error,
    endMessage: 'You were logged out.',
  },
  'auth/register': {
    next: '/',
    length,
    username: 'mina',
    remembered: true,
    idleSeconds: 7200,
    errors: { username: error, password: error },
    refusal: error,
    ...{ invitation: 'abc', awaitsApproval: true },
  },
  'auth/closed': { isByInvitation: true, contact: undefined },
  'auth/password': { length, errors: { current: error, password: error } },
  'auth/recover': {
    ...{ username: 'mina', code: '7K3M', error, passwordError: error, length },
    ...{ contact: { href: 'mailto:a@b.example', text: 'a@b.example' }, sendsMail: true },
  },
  'auth/name': { name: 'mina', error, former: [{ username: 'minna', keptUntil: now }] },
  'auth/email': {
    current: { address: 'a@b.example', confirmedAt: null, newAddress: null },
    address: 'a',
    error,
  },
  'auth/confirm-email': { token: 'abc', address: 'a@b.example' },
  'auth/reset': { token: 'abc', username: 'mina', error, length },
  'auth/passkeys': {
    passkeys: [
      { id: 1, name: 'My phone', createdAt: now, lastUsedAt: now },
      { id: 2, name: 'Key', createdAt: now, lastUsedAt: null },
    ],
    ...{ name: 'Laptop', error },
  },
  'auth/recovery-code': { passkeys: 1, code: ['7K3M-', '9QXT'], createdAt: now, next: '/vote' },
  'auth/confirm': { action: '/profile/close', fields: [['username', 'mina']], error, hasPasskey: true },
  'auth/devices': {
    ...{ live: [device], ended: [device], session, endings: endReasonLabels },
    timeline: [
      { at: now, text: 'Logged in', device: 'Firefox on Linux', address: '192.0.2.1', live: 'c0a8' },
    ],
    head: { sequence: 4, receipt: 'abcd ef01 2345' },
  },
  'organize/new': {
    ...{ title: 'Lunch', question: 'Which?', access: 'link', things: 'Tea', isLoggedOut: true },
    errors: { title: error, question: error, access: error, things: error },
    examples: [{ name: 'lunch', label: 'Lunch' }],
    preview,
  },
  'organize/things': {
    ...{ ...managed, found: 60, query: 'e', page: 2, pages: 3, counts: { live: 59, all: 60 } },
    things: [
      { ...first, isRetired: false, mergedInto: null, votes: 3 },
      { ...second, isRetired: true, mergedInto: 'Ramen', votes: 0 },
      { ...second, isRetired: true, mergedInto: null, votes: 0 },
    ],
  },
  'organize/review': {
    ...managed,
    suggestions: [
      {
        ...{ id: 1, proposed: 'Ramen soup', by: null, at: now, topic: undefined, similar: ['Ramen'] },
        form: {
          ...{ suggestionId: 1, name: 'Ramen soup', description: '', link: '', into: '', reason: '', error },
        },
      },
    ],
    flags: [adminFlag],
  },
  'organize/results': {
    ...{ ...managed, title: 'Top 3', settled: ['Settled.'], size: 4, votes: 40, ...table },
    ...{ tracks: ['AI', 'Games'], track: 'AI' },
    embed: 'https://example.org/topics/food/embed',
    figures: {
      ...{ voters: 4, reliability: '0.87', leftShare: '52 %', seconds: '4.2 s', differing: 1 },
      disputed: ['Ramen'],
    },
  },
  'organize/judging/judges': {
    ...{ ...managed, isClosed: false },
    panel: {
      ...{ reliability: 0.87, splitHalves: 0.9 },
      judges: [
        { ...judge, seconds: 4.2, leftShare: 0.52, infit: 1.62, differs: true },
        {
          ...{ ...judge, team: null, state: 'set apart' as const, differs: false },
          ...{ seconds: undefined, leftShare: undefined, infit: undefined },
        },
      ],
    },
  },
  'organize/judging/without': {
    ...{ ...managed, isClosed: false, chosen: [judge], refusal: undefined, votes: 40 },
    rows: [{ thingId: 1, name: 'Ramen', rank: 2, rankWithout: 1 }],
  },
  'organize/judging/notes': {
    ...{ ...managed, things: [noted], thing: noted },
    notes: [{ id: 'a', note: 'Crisp', thingId: 1, thing: 'Ramen', other: 'Yak', by: 'Mina', at: now }],
  },
  'organize/settings': {
    ...{ ...managed, phase: 'draft', zones: ['UTC', 'Europe/Berlin'] },
    form: settingsForm,
    errors: { ...settingsForm, things: error },
  },
  'organize/add-things': { ...managed, things: 'Tea', errors: { things: error }, preview },
  'organize/thing': {
    ...{
      ...managed,
      thing,
      cells: { ...NO_CELLS, name: 'Ramen' },
      errors: { ...NO_CELLS, name: error, into: error },
    },
    ...{ into: 'Yak', mergedInto: 'Pie', similar: ['Ramen noodles'] },
  },
  'organize/people': {
    ...{ ...managed, mayOwn: true, you: 1 },
    people: [
      { userId: 1, username: 'mina', role: 'owner', createdAt: now },
      { userId: 2, username: 'ben', role: 'viewer', createdAt: now },
    ],
    links: [{ ...roleLink, url: 'https://a.example/roles/abc' }],
  },
  'organize/role-link': { link: roleLink },
  'organize/activity': {
    ...managed,
    events: [{ text: 'Role taken', more: 'role: viewer', at: now, by: 'ben' }],
    older: 7,
  },
  'organize/copy': managed,
  'organize/delete': managed,
  'organize/restore': { ...managed, until: now },
  'organize/voters': {
    ...{ ...managed, fresh: 1, names: 'Mina', error, tracks: ['AI', 'Games'], track: 'AI' },
    ownWork: { voters: 3, withOwn: 2, skipped: 39, pairs: 780, fewest: 741 },
    ...{ standing: 1, joined: 1, waiting: [invitedVoter] },
    voters: [{ ...invitedVoter, url: 'https://a.example/join/abc' }],
  },
  'organize/sheet': {
    ...managed,
    cards: [{ name: 'Mina', team: 'Blue', address: 'a.example/join/abc', qr }],
    next: 2,
  },
  'organize/enter-code': { code: 'BCDF', error },
  'organize/screen': {
    ...{ topic, path: '/topics/food', phase: 'paused', hidden: undefined, votes: 40, voters: 4, size: 3 },
    ...{ title: 'Winner', settled: ['Settled.'], ...table, isHeld: false, tag: 'W/"a"' },
    join: { code: 'BCDF 2345', url: 'example.org/join', qr },
  },
  'organize/reveal': {
    ...{ topic, path: '/topics/food', phase: 'closed', title: 'Winner', shown: 1, next: 1 },
    ...{ latest: first, ranks: [{ rank: 1, thing: first }] },
  },
  'organize/join': {
    place: {
      ...{ id: 1, topicId: 1, slug: 'food', title: 'Food', question: 'Which?', name: 'Mina', team: null },
      owners: ['ben', 'zoe'],
    },
  },
  'organize/hub': {
    ...{ ...managed, path: '/topics/food', url: 'https://example.org/topics/food/vote' },
    ...{ code: 'BCDF 2345', joinUrl: 'example.org/join', qr },
    overview: {
      ...{ phase: 'open', goal: 'Find the winner of 3', isSettled: true, settled: ['Settled.'], percent: 96 },
      ...{ course, size: 3, votes: 40, voters: 4, next: { label: 'closes', at: now } },
    },
    leaders: board.standings,
    waiting: 2,
    links: [{ path: 'people', title: 'People', act: 'look' }],
  },
  'organize/pictures': {
    ...{ ...managed, error },
    most: { pictures: 200, megabytes: 10 },
    fine: 1,
    results: [
      {
        filename: 'ramen.jpg',
        thing: { id: 1, name: 'Ramen', picture: `${'a'.repeat(64)}-1280x853` },
        problem: undefined,
      },
      { filename: 'yak.svg', thing: undefined, problem: error },
    ],
  },
  'organize/picture': {
    ...{ ...managed, error },
    ...{ thing, maxMegabytes: 10 },
  },
  'profile/profile': {
    ...{ topic, path: '/topics/food', own, preview: previewOf(own), missing },
    ...{ total: 1, votes: [namedVote], hasMore: true, isChangeable: () => true },
    streaks: { today: 1, current: 2, longest: 3, days: [{ day: now, votes: 1 }], active: 1 },
    ...{ listPath: '/profile/topics/food/top', enough: { others: 5 } },
    others: [{ ...topic, path: '/profile/topics/food', votes: 1 }],
    ...{ session, device: 'Firefox on Linux', sendsMail: true },
  },
  'profile/top': {
    ...{ topic, path: '/topics/food', sizes: [3], enough: { others: 5, latest: 1_000 } },
    own: { ...own, cycles: { fact: 'Keep voting.', example: [{ name: 'Ramen' }, ' over Yak.'] } },
    ...{ rows: compareRows(own.rows), rest: [], more: 0, hasNew: true, isAllNew: false },
    ...{ scale: scaleOf(3), missing, toNext: missing, toDifferences: missing },
    others: [{ ...topic, path: '/profile/topics/food', votes: 1 }],
  },
  'profile/votes': {
    total: 1,
    votes: [namedVote],
    older: 1,
    paged: true,
    receipt: ['Saved.'],
    isChangeable: () => true,
  },
  'profile/change': {
    ...{
      topic,
      left: first,
      right: second,
      old: vote,
      answer: [{ name: 'Ramen' }],
      ballot: 'b',
      note: 'Crisp',
      error,
    },
  },
  'profile/close': {
    error,
    topics: [
      { title: 'Food', heir: 'mina' },
      { title: 'Tea', heir: null },
    ],
  },
  'profile/sharing/links': { links: [link], fresh: link },
  'profile/sharing/shared': {
    ...{ share, title: 'Top 3', path: '/topics/food', isOwn: true },
    card: { title: 'Top 3', url: '/shared/abc', image: '/shared/abc.png', description: 'Food' },
  },
  'voting/vote': {
    walk: { stops: new Set([first.id]), words: [['Go to ', { name: 'table 12' }, ': ', { name: 'Ramen' }]] },
    ...{
      board,
      topic,
      path: '/topics/food',
      left: first,
      right: second,
      ballot: 'b',
      ahead: '[]',
      today: 3,
    },
    isAnswer: true,
    ...{ note: 'Crisp', hasNotes: true },
    hasTexts: true,
    texts: { left: renderMarkdown('# Ramen'), right: undefined },
    slot: {
      bar: [{ x: 0, width: 100, kind: 'you' }],
      sentence: ['Counted: you chose ', { name: 'Ramen' }],
      title: ['You and 3 of 4 others'],
      line: [{ name: 'Ramen' }, ' moves up to about 1st'],
      undo: 'b',
    },
    ...{
      own: { toGo: 0, enough: 10, size: 3, expectedRight: 2 },
      guest: { votes: 2, pairs: 20, counts: true },
    },
    ...{ end: { phase: 'open', hidden: undefined, role: undefined }, each: { done: 3, of: 20 } },
  },
  'voting/suggest': {
    ...{ topic, path: '/topics/food', cells: NO_CELLS, errors: { ...NO_CELLS, name: error } },
    ...{ similar: ['Ramen'], mayPropose: true },
    own: (['accepted', 'merged', 'refused', null] as const).map((decision) => ({
      ...{ id: 1, topicId: 1, voterId: 1, name: 'Soup', description: null, link: null, createdAt: now },
      ...{ decidedAt: now, decision, reason: 'No', decidedBy: 1, thingId: 1, thing: 'Ramen' },
    })),
  },
  'voting/flag': { topic, path: '/topics/food', thing: first, reason: '', error },
  'voting/notes': {
    ...{ topic, path: '/topics/food', isOver: true },
    things: [{ name: 'Ramen', notes: [{ note: 'Crisp', other: 'Yak' }] }],
  },
  'voting/_offer': { ...offered, action: '/vote' },
  'voting/guest': { votes: [namedVote], counting: 'some', days: 30, isChangeable: () => true },
};

const templates = loadTemplates(false);
const surroundings = {
  site: { name: 'Thinga', logo: undefined, colors: '/colors/4f39d8-b4a5ff.css' },
  assets: { app: '/app', styles: '/styles', htmx: '/htmx.js', sign: '/favicon.svg' },
  ...{
    user: { id: 1, username: 'mina', role: 'member', createdAt: now },
    flash: undefined,
    sessionSeconds: 7200,
    here: '/',
    fields: undefined,
  },
};

it.each(Object.keys(pages) as (keyof Pages)[])('shows %s from the fields of its type alone', (name) => {
  const html = templates.render(`/${name}`, refuseUnknownFields({ ...surroundings, ...pages[name] }, 'it'));
  const $ = load(html);
  if (!isPartial(name)) expect($('h1')).toHaveLength(1);
  expect($('title').text()).not.toContain('undefined');
  expect($(isPartial(name) ? 'body' : 'main').text()).not.toMatch(/undefined|NaN|\[object/);
});

it('covers every page under views', () => {
  const files = readdirSync(join(root, 'views'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /(^|\/)[^_/]+\.eta$/.test(file) && !file.startsWith('layouts/'));
  expect(files.map((file) => file.replace('.eta', '')).sort()).toEqual(
    Object.keys(pages)
      .filter((name) => !isPartial(name))
      .sort(),
  );
});

/** A part of a page that has a name and a type of its own, because htmx asks for it. */
const isPartial = (name: string): boolean => name.includes('/_');

/** The same data, except that a template fails when it reads a field that the data does not have. */
function refuseUnknownFields<Data extends object>(data: Data, path: string): Data {
  return new Proxy(data, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      // JSON.stringify looks for a method in any object.
      if (typeof name === 'string' && name !== 'toJSON' && !(name in target))
        throw new Error(`no page has ${path}.${name}`);
      return isPlain(value) ? refuseUnknownFields(value, `${path}.${String(name)}`) : value;
    },
  });
}

function isPlain(value: unknown): value is object {
  return Array.isArray(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype;
}
