import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';
import express from 'express';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/express-prototypes.js';
import { statement } from '../../src/statement.js';
import { signBallot } from '../../src/voting/ballot.js';
import { FIREFOX, HTMX, thingNames, topic, useSite } from '../site.js';

/** Every request is counted against its limit, and no limit is reached. */
const BOUNDLESS = 1_000_000;
const site = useSite({ production: true, rateLimits: BOUNDLESS });
const SECONDS = 4;
const ROUNDS = 3;

interface Subject {
  name: string;
  run(): Promise<number>;
  /** What bounds it: the subject that its rate is divided by. */
  bound?: string;
}

it('sends what Express is slow at, born right and not', async () => {
  const page = 'x'.repeat(6_000);
  const plainApp = express().get('/', (_req, res) => void res.send(page));
  const prototypeApp = express().get('/', (_req, res) => void res.send(page));
  const raw: RequestListener = (_req, res) => void res.end(page);
  const servers = [createServer(raw), createServer(plainApp), createHttpServer(prototypeApp)];
  const [node, plain, born] = await Promise.all(servers.map(listen));
  const rates = await compare([
    { name: 'node:http', run: () => load({ url: node ?? '' }) },
    { name: 'Express', run: () => load({ url: plain ?? '' }) },
    { name: 'Express, born right', run: () => load({ url: born ?? '' }) },
  ]);
  for (const server of servers) server.close();
  expect(rates.size).toBe(3);
});

it('serves pages and votes', async () => {
  await topic(site, { names: thingNames(200) });
  const { cookie, voter } = await voterWithCookie();
  const signedIn = { Cookie: cookie, 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' };
  const things = await site.db.selectFrom('things').select(['id', 'topicId']).orderBy('id').execute();
  const pairs = things.flatMap((left, place) => things.slice(place + 1).map((right) => ({ left, right })));
  await sayWhatIsMissing();
  const bounds = await startBounds();
  const rates = await compare([
    { name: NODE, run: () => load({ url: bounds.node }) },
    { name: EXPRESS, run: () => load({ url: bounds.express }) },
    { name: 'Top 20, signed out', run: () => load({ url: `${site.origin}/top` }), bound: NODE },
    {
      name: 'vote page, signed in',
      run: () => load({ url: `${site.origin}/vote`, headers: signedIn }),
      bound: EXPRESS,
    },
    {
      name: 'vote and next pair, htmx',
      bound: EXPRESS,
      run: () =>
        load({
          url: `${site.origin}/vote`,
          method: 'POST',
          headers: { ...signedIn, ...HTMX, 'Content-Type': 'application/x-www-form-urlencoded' },
          setupClient: (client) => {
            const next = (): void => {
              const pair = pairs.pop();
              if (!pair) return;
              const offer = { topicId: pair.left.topicId, leftId: pair.left.id, rightId: pair.right.id };
              const ballot = signBallot(
                { ...offer, voter, isGuest: false, strategy: 'explore' },
                site.config.secrets[0],
              );
              client.setBody(`ballot=${encodeURIComponent(ballot)}&choice=left`);
            };
            next();
            client.on('response', next);
          },
        }),
    },
  ]);
  await bounds.close();
  expect(rates.size).toBe(5);
});

const NODE = 'node:http';
const EXPRESS = 'Express, a GET, two SELECTs';

/** Says what would make the figures look better than those of a site that is run as it should be. */
async function sayWhatIsMissing(): Promise<void> {
  const { rows } = await sql<{ setting: string }>`
    select current_setting('synchronous_commit') as setting`.execute(site.db);
  if (rows[0]?.setting !== 'on')
    console.info('Note: synchronous_commit is off, so votes need not reach the disk.');
  if (!site.config.rateLimits) console.info('Note: rate limits are off.');
  if (!site.redis) console.info('Note: there is no Redis; session state is in the process.');
}

/** What bounds the site: bare Node, and Express that asks Redis once and Postgres twice a request. */
async function startBounds(): Promise<{ node: string; express: string; close(): Promise<void> }> {
  const page = 'x'.repeat(6_000);
  const app = express().disable('x-powered-by').disable('etag');
  const who = statement('select id, username from users where id = $1');
  const what = statement('select id, name from things where id in ($1, $2)');
  app.get('/', async (_req, res) => {
    await site.redis?.get('state');
    await who(site.db, 1);
    await what(site.db, 1, 2);
    res.type('html').send(page);
  });
  const servers = [createServer((_req, res) => void res.end(page)), createHttpServer(app)];
  const [node = '', boundOfPages = ''] = await Promise.all(servers.map(listen));
  return {
    node,
    express: boundOfPages,
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function voterWithCookie(): Promise<{ cookie: string; voter: number }> {
  const form = new URLSearchParams({ username: 'bench', password: 'a long enough phrase' });
  const answer = await fetch(`${site.origin}/register`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
    headers: { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
  });
  const { id } = await site.db.selectFrom('users').select('id').executeTakeFirstOrThrow();
  const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
  return { cookie: cookie?.split(';')[0] ?? '', voter: id };
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Requests a second over 64 connections; any answer that is an error fails the bench. */
async function load(options: autocannon.Options): Promise<number> {
  const result = await autocannon({ connections: 64, duration: SECONDS, ...options });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} failed: ${options.url}`);
  return result.requests.average;
}

/** Runs the subjects in turn, so that what else the machine does falls on all of them, and prints medians. */
async function compare(subjects: Subject[]): Promise<Map<string, number>> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, run } of subjects) rates.set(name, [...(rates.get(name) ?? []), await run()]);
  const medians = new Map(
    [...rates].map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0]),
  );
  for (const { name, bound } of subjects) {
    const rate = medians.get(name) ?? 0;
    const share = bound ? `, ${(rate / (medians.get(bound) ?? 0)).toFixed(2)} of ${bound}` : '';
    console.info(`${name.padEnd(28)} ${Math.round(rate)} requests/s${share}`);
  }
  return medians;
}
