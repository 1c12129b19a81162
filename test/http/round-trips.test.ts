import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import {
  HTMX,
  itOnPostgres,
  member,
  openSite,
  pairOn,
  type Site,
  thingNames,
  topic,
  visit,
} from '../site.js';

/** What the site under test has asked the database. */
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

beforeAll(async () => {
  stores = await openSite({ production: true, rateLimits: 1, trustProxy: 1 });
  site = await openSite({}, { beside: { ...stores, db: stores.db.withPlugin(count) } });
  await topic(site, { names: thingNames(60) });
});
afterAll(async () => {
  await site.close();
  await stores.close();
});

/** Counts the statements and the Redis commands that something costs. */
async function costOf(asking: () => Promise<unknown>): Promise<{ statements: number; commands: string[] }> {
  const before = statements;
  const sent = site.redis && vi.spyOn(site.redis, 'sendCommand');
  await asking();
  const commands = sent?.mock.calls.map(([command]) => command.name) ?? [];
  sent?.mockRestore();
  return { statements: statements - before, commands };
}

const state = inject('redis') ? ['get'] : [];

it('asks once who is there and once whether they still are, for the Top 20 of somebody who is logged in', async () => {
  const { browser } = await member(site);
  await browser.get('/top').expect(200);
  for (const headers of [{}, HTMX])
    expect(await costOf(() => browser.get('/top').set(headers).expect(200))).toEqual({
      statements: 1,
      commands: state,
    });
});

it('asks nobody anything for the Top 20 of a visitor', async () => {
  const visit = () => fetch(`${site.origin}/top`);
  for (let looks = 0; looks < 2; looks++)
    expect(await costOf(visit)).toEqual({ statements: 0, commands: [] });
});

it('asks for many who come at once no more often than for each of them', async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => member(site)));
  const all = () => Promise.all(people.map(({ browser }) => browser.get('/top').expect(200)));
  await all();
  const cost = await costOf(all);
  expect(cost.statements).toBeGreaterThan(0);
  expect(cost.statements).toBeLessThanOrEqual(people.length);
  expect(cost.commands).toEqual(people.flatMap(() => state));
});

it('asks the database for a vote twice, and Redis three times', async () => {
  const { browser } = await member(site);
  const look = () => browser.get('/vote').expect(200);
  // What a queue is drawn from is read once.
  const first = await costOf(look);
  expect(first.statements).toBeLessThanOrEqual(3);
  let { ballot } = pairOn((await look()).text);
  const cast = async () => {
    const form = { ballot, choice: 'left' };
    const answer = await browser.post('/vote').set(HTMX).type('form').send(form).expect(200);
    ballot = pairOn(`<div>${answer.text}</div>`).ballot;
  };
  await cast();
  for (let vote = 0; vote < 3; vote++) {
    const { statements, commands } = await costOf(cast);
    expect(statements).toBe(2);
    expect(commands).toEqual(inject('redis') ? ['get', 'evalsha', 'set'] : []);
  }
  expect(await costOf(look)).toEqual({ statements: 1, commands: [...state, ...state] });
});

it('asks for a guest’s vote no more often than for a member’s', async () => {
  const guest = visit(site);
  const cast = async () => {
    const { ballot } = pairOn((await guest.get('/vote').expect(200)).text);
    return costOf(() =>
      guest.post('/vote').set(HTMX).type('form').send({ ballot, choice: 'left' }).expect(200),
    );
  };
  await cast();
  for (let vote = 0; vote < 3; vote++)
    expect(await cast()).toEqual({ statements: 2, commands: inject('redis') ? ['evalsha', 'set'] : [] });
});

it('asks nobody anything for the first pair of a guest', async () => {
  expect(await costOf(() => visit(site).get('/vote').expect(200))).toEqual({ statements: 0, commands: [] });
});

itOnPostgres(
  'does not let Postgres compile statements, which takes longer than a hundred votes',
  async () => {
    const { rows } = await sql<{ jit: string }>`select current_setting('jit') as jit`.execute(site.db);
    expect(rows).toEqual([{ jit: 'off' }]);
  },
);
