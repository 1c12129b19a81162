import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';
import express from 'express';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { createHttpServer } from '../../src/http/http-server.js';
import { statement } from '../../src/statement.js';
import { signBallot } from '../../src/voting/ballot.js';
import { FIREFOX, HTMX, thingNames, topic, useSite } from '../site.js';

/** Every request is counted, and no limit is reached. */
const UNREACHABLE_LIMIT = 1_000_000;
const site = useSite({ production: true, rateLimits: UNREACHABLE_LIMIT });
const SECONDS = 4;
const ROUNDS = 3;

interface Subject {
  name: string;
  run(): Promise<number>;
  /** The name of the subject that its rate is divided by. */
  baseline?: string;
}

it('compares Node, Express, and Express with the prototypes in place', async () => {
  const page = 'x'.repeat(6_000);
  const plainApp = express().get('/', (_req, res) => void res.send(page));
  const prototypeApp = express().get('/', (_req, res) => void res.send(page));
  const raw: RequestListener = (_req, res) => void res.end(page);
  const servers = [createServer(raw), createServer(plainApp), createHttpServer(prototypeApp)];
  const [node, plain, withPrototypes] = await Promise.all(servers.map(listen));
  const rates = await compare([
    { name: 'node:http', run: () => load({ url: node ?? '' }) },
    { name: 'Express', run: () => load({ url: plain ?? '' }) },
    { name: 'Express, prototypes set', run: () => load({ url: withPrototypes ?? '' }) },
  ]);
  for (const server of servers) server.close();
  expect(rates.size).toBe(3);
});

it('serves pages and votes', async () => {
  await topic(site, { names: thingNames(200) });
  const { cookie, voterId } = await registerVoter();
  const signedIn = { Cookie: cookie, 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' };
  const things = await site.db.selectFrom('things').select(['id', 'topicId']).orderBy('id').execute();
  const pairs = things.flatMap((left, index) => things.slice(index + 1).map((right) => ({ left, right })));
  await printDifferences();
  const baselines = await startBaselines();
  const rates = await compare([
    { name: NODE, run: () => load({ url: baselines.node }) },
    { name: EXPRESS, run: () => load({ url: baselines.express }) },
    { name: 'Top 20, signed out', run: () => load({ url: `${site.origin}/top` }), baseline: NODE },
    {
      name: 'vote page, signed in',
      run: () => load({ url: `${site.origin}/vote`, headers: signedIn }),
      baseline: EXPRESS,
    },
    {
      name: 'vote and next pair, htmx',
      baseline: EXPRESS,
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
                { ...offer, voterId, isGuest: false, strategy: 'explore' },
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
  await baselines.close();
  expect(rates.size).toBe(5);
});

const NODE = 'node:http';
const EXPRESS = 'Express, a GET, two SELECTs';

/** Prints settings that make the results better than those of a site in production. */
async function printDifferences(): Promise<void> {
  const { rows } = await sql<{ setting: string }>`
    select current_setting('synchronous_commit') as setting`.execute(site.db);
  if (rows[0]?.setting !== 'on')
    console.info('Note: synchronous_commit is off, so votes need not reach the disk.');
  if (!site.config.rateLimits) console.info('Note: rate limits are off.');
  if (!site.redis) console.info('Note: there is no Redis; session state is in the process.');
}

/** Starts two servers: bare Node, and Express with one Redis command and two SELECTs for each request. */
async function startBaselines(): Promise<{ node: string; express: string; close(): Promise<void> }> {
  const page = 'x'.repeat(6_000);
  const app = express().disable('x-powered-by').disable('etag');
  const selectUser = statement('select id, username from users where id = $1');
  const selectThings = statement('select id, name from things where id in ($1, $2)');
  app.get('/', async (_req, res) => {
    await site.redis?.get('state');
    await selectUser(site.db, 1);
    await selectThings(site.db, 1, 2);
    res.type('html').send(page);
  });
  const servers = [createServer((_req, res) => void res.end(page)), createHttpServer(app)];
  const [node = '', expressOrigin = ''] = await Promise.all(servers.map(listen));
  return {
    node,
    express: expressOrigin,
    close: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function registerVoter(): Promise<{ cookie: string; voterId: number }> {
  const form = new URLSearchParams({ username: 'bench', password: 'a long enough phrase' });
  const answer = await fetch(`${site.origin}/register`, {
    method: 'POST',
    body: form,
    redirect: 'manual',
    headers: { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin' },
  });
  const { id } = await site.db.selectFrom('users').select('id').executeTakeFirstOrThrow();
  const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('thinga='));
  return { cookie: cookie?.split(';')[0] ?? '', voterId: id };
}

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Returns the requests per second over 64 connections. @throws Error when an answer is an error */
async function load(options: autocannon.Options): Promise<number> {
  const result = await autocannon({ connections: 64, duration: SECONDS, ...options });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} failed: ${options.url}`);
  return result.requests.average;
}

/**
 * Prints the median rate of each subject. They run in turns, so that other work on the machine affects all of
 * them.
 */
async function compare(subjects: Subject[]): Promise<Map<string, number>> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const { name, run } of subjects) rates.set(name, [...(rates.get(name) ?? []), await run()]);
  const medians = new Map(
    [...rates].map(([name, all]) => [name, all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0]),
  );
  for (const { name, baseline } of subjects) {
    const rate = medians.get(name) ?? 0;
    const share = baseline ? `, ${(rate / (medians.get(baseline) ?? 0)).toFixed(2)} of ${baseline}` : '';
    console.info(`${name.padEnd(28)} ${Math.round(rate)} requests/s${share}`);
  }
  return medians;
}
