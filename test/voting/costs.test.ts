import { Redis } from 'ioredis';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { HTMX, itOnBothStores, itOnPostgres, member, pairOn, thingNames, topic, useSite } from '../site.js';

const site = useSite({ rateLimits: 1 });
let statements = 0;
let commands = 0;

beforeAll(async () => {
  const { query } = pg.Client.prototype;
  vi.spyOn(pg.Client.prototype, 'query').mockImplementation(function (this: pg.Client, ...call: unknown[]) {
    statements++;
    return Reflect.apply(query, this, call);
  });
  const { sendCommand } = Redis.prototype;
  vi.spyOn(Redis.prototype, 'sendCommand').mockImplementation(function (this: Redis, ...call) {
    commands++;
    return Reflect.apply(sendCommand, this, call);
  });
  await topic(site, { names: thingNames(60) });
});
afterAll(() => vi.restoreAllMocks());

/** How much some work asks of Postgres and of Redis. */
async function costOf(work: () => PromiseLike<unknown>): Promise<{ statements: number; commands: number }> {
  await settle();
  const before = { statements, commands };
  await work();
  await settle();
  return { statements: statements - before.statements, commands: commands - before.commands };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 200));

itOnBothStores('asks Postgres twice and Redis three times for a vote, and no more for a page', async () => {
  const { browser } = await member(site);
  const look = () => browser.get('/vote').expect(200);
  const first = await costOf(look);
  expect(first.statements).toBeLessThanOrEqual(4);
  let ballot = pairOn((await look()).text).ballot;
  // The first times, connections are opened and what is remembered is read.
  for (let warm = 0; warm < 3; warm++) ballot = await cast();
  const votes = [];
  for (let vote = 0; vote < 3; vote++) votes.push(await costOf(cast));
  for (const cost of votes) {
    expect(cost.statements).toBeLessThanOrEqual(2);
    expect(cost.commands).toBeLessThanOrEqual(3);
  }
  const page = await costOf(look);
  expect(page.statements).toBeLessThanOrEqual(2);
  expect(page.commands).toBeLessThanOrEqual(3);

  async function cast(): Promise<string> {
    const answer = await browser
      .post('/vote')
      .set(HTMX)
      .type('form')
      .send({ ballot, choice: 'left' })
      .expect(200);
    ballot = pairOn(`<div>${answer.text}</div>`).ballot;
    return ballot;
  }
});

itOnPostgres(
  'does not let Postgres compile statements, which takes longer than a hundred votes',
  async () => {
    const { rows } = await sql<{ jit: string }>`select current_setting('jit') as jit`.execute(site.db);
    expect(rows).toEqual([{ jit: 'off' }]);
  },
);
