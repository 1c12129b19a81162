import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../../../src/log.js';
import {
  itOnPostgres,
  member,
  openSite,
  read,
  type Site,
  thingNames,
  topic,
  visit,
  vote,
} from '../../site.js';

/** Number of statements that the site under test has sent to the database. */
let statements = 0;
const statementCounter: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  async transformResult({ result }) {
    statements++;
    return result;
  },
};

let stores: Site;
let site: Site;
let ids: number[];

// Only production caches templates and prerendered pages.
beforeAll(async () => {
  stores = await openSite({ production: true });
  site = await openSite({}, { storesOf: { ...stores, db: stores.db.withPlugin(statementCounter) } });
  await topic(site, { names: thingNames(60) });
  ids = site.boards.default().standings.map(({ id }) => id);
});
afterAll(async () => {
  await site.close();
  await stores.close();
});

const idAt = (index: number): number => Number(ids.at(index));

/** Changes the ranking, and loads its boards. */
async function changeRanking(of = site): Promise<void> {
  await sql`update boards set version = version + 1`.execute(of.db);
  await of.boards.refresh();
}

/** Sends requests for pages at the same time, as one visitor. */
async function requestAll(paths: string[]) {
  const before = statements;
  const browser = visit(site);
  const responses = await Promise.all(paths.map((path) => browser.get(path)));
  return { statuses: new Set(responses.map(({ status }) => status)), sent: statements - before, responses };
}

it('reads a thing once for all visitors of its page until the ranking changes', async () => {
  const path = `/things/${idAt(0)}`;
  for (let round = 0; round < 2; round++) {
    const { statuses, sent } = await requestAll(Array(200).fill(path));
    expect([...statuses]).toEqual([200]);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(3);
    expect((await requestAll(Array(20).fill(path))).sent).toBe(0);
    await changeRanking();
  }
});

it('reads each of many things once, no matter how their addresses are spelled', async () => {
  const paths = ids.slice(0, 50).map((id) => `/things/${id}`);
  const before = statements;
  for (const path of paths) expect([...(await requestAll(Array(4).fill(path))).statuses]).toEqual([200]);
  expect(statements - before).toBeLessThanOrEqual(150);
  const path = `/things/${idAt(49)}`;
  const spellings = [`${path}?x=1`, `${path}?x=2`, `${path}/`, path.toUpperCase()];
  const again = await requestAll(spellings);
  expect([...again.statuses]).toEqual([200]);
  expect(again.sent).toBe(0);
});

it('sends no query for a thing that does not exist', async () => {
  const { statuses, sent } = await requestAll(
    ['999999', '123456789012345', '0', `0${idAt(0)}`, 'x'].map((id) => `/things/${id}`),
  );
  expect([...statuses]).toEqual([404]);
  expect(sent).toBe(0);
});

it('reads a retired thing once for all visitors', async () => {
  const id = idAt(-1);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('id', '=', id).execute();
  await changeRanking();
  const { responses, sent } = await requestAll(Array(50).fill(`/things/${id}`));
  expect(read(responses[0]?.text ?? '')('main').text()).toContain('This was removed');
  expect(sent).toBeLessThanOrEqual(3);
});

it('shows everyone the current ranking, and each user their own header and notices', async () => {
  const { browser, username } = await member(site);
  const visitor = visit(site);
  const { left } = await vote(browser);
  const standing = () => site.boards.default().standings.find(({ name }) => name === left);
  const path = `/things/${standing()?.id}`;
  for (const client of [visitor, browser]) await client.get(path).expect(200);
  await site.rank();
  for (const client of [visitor, browser]) {
    const $ = read((await client.get(path).expect(200)).text);
    const [rank, , results] = $('.facts dd').map((_index, fact) => $(fact).text().trim());
    expect(Number.parseInt(String(rank), 10)).toBe(standing()?.rank);
    expect(results).toBe(`${standing()?.wins}–${standing()?.losses}–${standing()?.ties}`);
    expect($('.who').text()).toBe(client === browser ? username : '');
    expect($('.actions').text().includes('Next pair with')).toBe(client === browser);
  }
  await browser.post('/logout').expect(303);
  expect(read((await browser.get(path)).text)('.flash').text()).toContain('logged out');
  expect(read((await browser.get(path)).text)('.flash')).toHaveLength(0);
  expect(read((await visitor.get(path)).text)('.flash')).toHaveLength(0);
});

it('sends only the session queries for a logged-in user', async () => {
  const { browser } = await member(site);
  const costs = [];
  for (const path of ['/accessibility', `/things/${idAt(5)}`, '/accessibility', `/things/${idAt(5)}`]) {
    const before = statements;
    await browser.get(path).expect(200);
    costs.push(statements - before);
  }
  expect(costs[3]).toBe(costs[2]);
});

it('sends the same page in every encoding, and 304 to a browser that has it', async () => {
  const visitor = visit(site);
  const path = `/things/${idAt(3)}`;
  const plain = await visitor.get(path).set('Accept-Encoding', 'identity').expect(200);
  for (const encoding of ['gzip', 'br']) {
    const { text, headers } = await visitor.get(path).set('Accept-Encoding', encoding).expect(200);
    expect(headers).toMatchObject({ 'content-encoding': encoding, etag: plain.headers.etag });
    expect(text).toBe(plain.text);
  }
  await visitor.get(path).set('If-None-Match', String(plain.headers.etag)).expect(304);
  const other = await visitor.get(`/things/${idAt(4)}`).expect(200);
  expect(other.headers.etag).not.toBe(plain.headers.etag);
});

it('accepts votes while the pages of all things are requested without a pause', async () => {
  const { browser } = await member(site);
  let isOver = false;
  const statuses = new Set<number>();
  const flood = Array.from({ length: 8 }, async (_, client) => {
    for (let index = client; !isOver; index += 8)
      statuses.add((await visit(site).get(`/things/${idAt(index % 59)}`)).status);
  });
  try {
    for (let votes = 0; votes < 10; votes++) {
      await vote(browser);
      await changeRanking();
    }
  } finally {
    isOver = true;
  }
  await Promise.all(flood);
  expect(statuses).toContain(200);
  for (const status of statuses) expect([200, 503]).toContain(status);
});

itOnPostgres(
  'shows the cached page while the database is slow, or 503 with Retry-After without one',
  async () => {
    const [slow, cached, uncached] = [10, 11, 12].map((index) => `/things/${idAt(index)}`) as [
      string,
      string,
      string,
    ];
    // A second web process with an empty cache.
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    const secondSite = await openSite({}, { storesOf: site, log });
    const visitor = visit(secondSite);
    try {
      for (const path of [slow, cached]) await visitor.get(path).expect(200);
      await sql`update boards set version = version + 1`.execute(site.db);
      await secondSite.boards.refresh();
      const waiting = await site.db.transaction().execute(async (trx) => {
        await sql`lock table rating_history in access exclusive mode`.execute(trx);
        const first = visitor.get(slow).then((answer) => answer);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await visitor.get(cached).expect(200);
        const last = visitor.get(uncached).then((answer) => answer);
        await new Promise((resolve) => setTimeout(resolve, 5_200));
        return { first, last };
      });
      expect((await waiting.first).status).toBe(200);
      const refused = await waiting.last;
      expect(refused.status).toBe(503);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      await visitor.get(uncached).expect(200);
    } finally {
      await secondSite.close();
    }
  },
);
