import { type KyselyPlugin, sql } from 'kysely';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { invited, makeTopic, setThings } from '../organize/topics.js';
import {
  HTMX,
  itOnPostgres,
  member,
  openSite,
  pairOn,
  rateInOrder,
  type Site,
  thingNames,
  topic,
  visit,
} from '../site.js';

/** The number of statements that the tested site has sent. */
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

beforeAll(async () => {
  stores = await openSite({ production: true, rateLimits: 1, trustProxy: 1 });
  site = await openSite({}, { storesOf: { ...stores, db: stores.db.withPlugin(statementCounter) } });
  await topic(site, { names: thingNames(60) });
  await rateInOrder(site);
});
afterAll(async () => {
  await site.close();
  await stores.close();
});

/** Counts the statements and the Redis commands of some requests. */
async function costOf(requests: () => Promise<unknown>): Promise<{ statements: number; commands: string[] }> {
  const before = statements;
  const sent = site.redis && vi.spyOn(site.redis, 'sendCommand');
  await requests();
  const commands = sent?.mock.calls.map(([command]) => command.name) ?? [];
  sent?.mockRestore();
  return { statements: statements - before, commands };
}

const sessionRead = inject('redis') ? ['get'] : [];

it('sends one Redis command and one statement for the Top 20 of a logged-in user', async () => {
  const { browser } = await member(site);
  await browser.get('/top').expect(200);
  for (const headers of [{}, HTMX])
    expect(await costOf(() => browser.get('/top').set(headers).expect(200))).toEqual({
      statements: 1,
      commands: sessionRead,
    });
});

it('asks no store for the Top 20 of a visitor', async () => {
  const visit = () => fetch(`${site.origin}/top`);
  for (let looks = 0; looks < 2; looks++)
    expect(await costOf(visit)).toEqual({ statements: 0, commands: [] });
});

it('sends at most one statement for each of many simultaneous users', async () => {
  const people = await Promise.all(Array.from({ length: 8 }, () => member(site)));
  const all = () => Promise.all(people.map(({ browser }) => browser.get('/top').expect(200)));
  await all();
  const cost = await costOf(all);
  expect(cost.statements).toBeGreaterThan(0);
  expect(cost.statements).toBeLessThanOrEqual(people.length);
  expect(cost.commands).toEqual(people.flatMap(() => sessionRead));
});

it('sends two statements and three Redis commands for a vote', async () => {
  const { browser } = await member(site);
  const look = () => browser.get('/vote').expect(200);
  // The first request also reads the data for the voter's queue.
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
  expect(await costOf(look)).toEqual({ statements: 1, commands: [...sessionRead, ...sessionRead] });
});

it('sends no more for a vote with a note', async () => {
  const { browser } = await member(site);
  await site.db.updateTable('topics').set({ notes: 'organisers' }).execute();
  await site.boards.refresh();
  for (const note of ['', 'Crisp', 'Warm']) {
    const { ballot } = pairOn((await browser.get('/vote').expect(200)).text);
    const form = { ballot, choice: 'left', note };
    const cost = await costOf(() => browser.post('/vote').set(HTMX).type('form').send(form).expect(200));
    expect(cost.statements).toBe(2);
  }
  expect(await site.db.selectFrom('voteNotes').select('note').execute()).toHaveLength(2);
});

it('sends no more for a guest’s vote than for a member’s', async () => {
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

it('sends no more for a vote in person of somebody with own work', async () => {
  const topic = await makeTopic(site, { things: 12 });
  await site.db.updateTable('topics').set({ inPerson: true }).where('id', '=', topic.id).execute();
  await setThings(site, topic, { 1: { team: 'Blue', location: '1' }, 2: { team: 'Red' } });
  const { browser } = await member(site);
  await invited(site, topic, { line: 'Mina, Blue', browser });
  const path = `${topic.path}/vote`;
  let { ballot } = pairOn((await browser.get(path).expect(200)).text);
  const cast = async (choice: string) => {
    const answer = await browser.post(path).set(HTMX).type('form').send({ ballot, choice }).expect(200);
    ballot = pairOn(`<div>${answer.text}</div>`).ballot;
  };
  await cast('left');
  for (let votes = 0; votes < 3; votes++)
    expect(await costOf(() => cast('right'))).toEqual({
      statements: 2,
      commands: inject('redis') ? ['get', 'evalsha', 'set'] : [],
    });
});

it('asks no store for the first pair of a guest', async () => {
  expect(await costOf(() => visit(site).get('/vote').expect(200))).toEqual({ statements: 0, commands: [] });
});

itOnPostgres(
  'switches off JIT compilation in Postgres, which takes longer than a hundred votes',
  async () => {
    const { rows } = await sql<{ jit: string }>`select current_setting('jit') as jit`.execute(site.db);
    expect(rows).toEqual([{ jit: 'off' }]);
  },
);
