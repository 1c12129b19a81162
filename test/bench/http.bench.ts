import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';
import express from 'express';
import { expect, it } from 'vitest';
import { signBallot } from '../../src/voting/ballot.js';
import { createHttpServer } from '../../src/web/born-right.js';
import { FIREFOX, HTMX, thingNames, topic, useSite } from '../site.js';

const site = useSite({ production: true });
const SECONDS = 4;
const ROUNDS = 3;

interface Subject {
  name: string;
  run(): Promise<number>;
}

it('sends what Express is slow at, born right and not', async () => {
  const page = 'x'.repeat(6_000);
  const plainApp = express().get('/', (_req, res) => void res.send(page));
  const bornApp = express().get('/', (_req, res) => void res.send(page));
  const raw: RequestListener = (_req, res) => void res.end(page);
  const servers = [createServer(raw), createServer(plainApp), createHttpServer(bornApp)];
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
  const rates = await compare([
    { name: 'Top 20, signed out', run: () => load({ url: `${site.origin}/top` }) },
    { name: 'vote page, signed in', run: () => load({ url: `${site.origin}/vote`, headers: signedIn }) },
    {
      name: 'vote and next pair, htmx',
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
  expect(rates.size).toBe(3);
});

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
  for (const [name, rate] of medians) console.info(`${name.padEnd(28)} ${Math.round(rate)} requests/s`);
  return medians;
}
