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

/** Statements that the site under test has sent to the database. */
let statements = 0;
const count: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  async transformResult({ result }) {
    statements++;
    return result;
  },
};

let stores: Site;
let site: Site;
let ids: number[];

// Pages are only kept ready where templates are.
beforeAll(async () => {
  stores = await openSite({ production: true });
  site = await openSite({}, { beside: { ...stores, db: stores.db.withPlugin(count) } });
  await topic(site, { names: thingNames(60) });
  ids = site.boards.default().standings.map(({ id }) => id);
});
afterAll(async () => {
  await site.close();
  await stores.close();
});

const idAt = (index: number): number => Number(ids.at(index));

/** The ranking moves. */
async function move(of = site): Promise<void> {
  await sql`update boards set version = version + 1`.execute(of.db);
  await of.boards.refresh();
}

/** Asks for pages at the same time as somebody who is not signed in. */
async function ask(paths: string[]) {
  const before = statements;
  const browser = visit(site);
  const answers = await Promise.all(paths.map((path) => browser.get(path)));
  return { statuses: new Set(answers.map(({ status }) => status)), sent: statements - before, answers };
}

it('reads a thing once for all who open its page until the ranking moves', async () => {
  const path = `/things/${idAt(0)}`;
  for (let moves = 0; moves < 2; moves++) {
    const { statuses, sent } = await ask(Array(200).fill(path));
    expect([...statuses]).toEqual([200]);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(3);
    expect((await ask(Array(20).fill(path))).sent).toBe(0);
    await move();
  }
});

it('reads many things once each, however their addresses are spelled', async () => {
  const paths = ids.slice(0, 50).map((id) => `/things/${id}`);
  const before = statements;
  for (const path of paths) expect([...(await ask(Array(4).fill(path))).statuses]).toEqual([200]);
  expect(statements - before).toBeLessThanOrEqual(150);
  const path = `/things/${idAt(49)}`;
  const spelled = [`${path}?x=1`, `${path}?x=2`, `${path}/`, path.toUpperCase()];
  const again = await ask(spelled);
  expect([...again.statuses]).toEqual([200]);
  expect(again.sent).toBe(0);
});

it('asks the database nothing about a thing that is not there', async () => {
  const { statuses, sent } = await ask(
    ['999999', '123456789012345', '0', `0${idAt(0)}`, 'x'].map((id) => `/things/${id}`),
  );
  expect([...statuses]).toEqual([404]);
  expect(sent).toBe(0);
});

it('reads what was taken down once too', async () => {
  const id = idAt(-1);
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('id', '=', id).execute();
  await move();
  const { answers, sent } = await ask(Array(50).fill(`/things/${id}`));
  expect(read(answers[0]?.text ?? '')('article').text()).toContain('taken down');
  expect(sent).toBeLessThanOrEqual(3);
});

it('shows the ranking as it is now, and people their own header and notices', async () => {
  const { browser, username } = await member(site);
  const visitor = visit(site);
  const { left } = await vote(browser);
  const standing = () => site.boards.default().standings.find(({ name }) => name === left);
  const path = `/things/${standing()?.id}`;
  for (const person of [visitor, browser]) await person.get(path).expect(200);
  await site.rank();
  for (const person of [visitor, browser]) {
    const $ = read((await person.get(path).expect(200)).text);
    expect($('.standing').text()).toContain(`at place ${standing()?.rank} of`);
    expect($('.counts dd').first().text()).toBe(String(standing()?.wins));
    expect($('.who').text()).toBe(person === browser ? username : '');
    expect($('.actions').text().includes('Next pair with')).toBe(person === browser);
  }
  await browser.post('/logout').expect(303);
  expect(read((await browser.get(path)).text)('.flash').text()).toContain('logged out');
  expect(read((await browser.get(path)).text)('.flash')).toHaveLength(0);
  expect(read((await visitor.get(path)).text)('.flash')).toHaveLength(0);
});

it('asks for whoever is signed in no more than who that is', async () => {
  const { browser } = await member(site);
  const costs = [];
  for (const path of ['/accessibility', `/things/${idAt(5)}`, '/accessibility', `/things/${idAt(5)}`]) {
    const before = statements;
    await browser.get(path).expect(200);
    costs.push(statements - before);
  }
  expect(costs[3]).toBe(costs[2]);
});

it('says what it says in every encoding, and only once to whoever has it', async () => {
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

it('goes on taking votes while all things are asked for again and again', async () => {
  const { browser } = await member(site);
  let isOver = false;
  const statuses = new Set<number>();
  const flood = Array.from({ length: 8 }, async (_, client) => {
    for (let asked = client; !isOver; asked += 8)
      statuses.add((await visit(site).get(`/things/${idAt(asked % 59)}`)).status);
  });
  try {
    for (let votes = 0; votes < 10; votes++) {
      await vote(browser);
      await move();
    }
  } finally {
    isOver = true;
  }
  await Promise.all(flood);
  expect(statuses).toContain(200);
  for (const status of statuses) expect([200, 503]).toContain(status);
});

itOnPostgres(
  'shows the page before rather than wait for a slow database, or says when to come back',
  async () => {
    const [slow, known, unknown] = [10, 11, 12].map((index) => `/things/${idAt(index)}`) as [
      string,
      string,
      string,
    ];
    // Another process of the site, in which nobody has opened a page yet.
    const lines: string[] = [];
    const log = createLog('warn', { write: (line) => void lines.push(line) });
    const another = await openSite({}, { beside: site, log });
    const visitor = visit(another);
    try {
      for (const path of [slow, known]) await visitor.get(path).expect(200);
      await sql`update boards set version = version + 1`.execute(site.db);
      await another.boards.refresh();
      const waiting = await site.db.transaction().execute(async (trx) => {
        await sql`lock table rating_history in access exclusive mode`.execute(trx);
        const first = visitor.get(slow).then((answer) => answer);
        await new Promise((resolve) => setTimeout(resolve, 100));
        await visitor.get(known).expect(200);
        const last = visitor.get(unknown).then((answer) => answer);
        await new Promise((resolve) => setTimeout(resolve, 5_200));
        return { first, last };
      });
      expect((await waiting.first).status).toBe(200);
      const refused = await waiting.last;
      expect(refused.status).toBe(503);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      await visitor.get(unknown).expect(200);
    } finally {
      await another.close();
    }
  },
);
