import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Browser, FIREFOX, HTMX, member, pairOn, thingNames, topic, useSite } from '../site.js';

const site = useSite({ passwordCost: 12, production: true, trustProxy: 1 });

/** security.md, A43: the slowest hundredth of front pages, in milliseconds, while 50 log-ins are under way. */
const MOST_MS = 200;

it('keeps pages quick while fifty people log in at once', async () => {
  const { username, password } = await member(site);
  const quiet = await latencies(100);
  const logIns = Promise.all(
    Array.from({ length: 50 }, (_, place) =>
      fetch(`${site.origin}/login`, {
        method: 'POST',
        body: new URLSearchParams({ username, password }),
        redirect: 'manual',
        headers: {
          'User-Agent': FIREFOX,
          'Sec-Fetch-Site': 'same-origin',
          'X-Forwarded-For': `10.0.0.${place}`,
        },
      }),
    ),
  );
  const busy = await latencies(200);
  const statuses = (await logIns).map(({ status }) => status);
  const accepted = statuses.filter((status) => status === 303).length;
  console.info(`quiet: p50 ${at(quiet, 0.5)} ms, p99 ${at(quiet, 0.99)} ms`);
  console.info(
    `busy:  p50 ${at(busy, 0.5)} ms, p99 ${at(busy, 0.99)} ms, ${accepted} of 50 logged in, others told 503`,
  );
  expect(new Set(statuses)).toEqual(new Set(accepted < 50 ? [303, 503] : [303]));
  expect(Number(at(busy, 0.99))).toBeLessThan(MOST_MS);
});

/** performance.md: how much the slowest hundredth of votes may slow down while 20 people a second log in. */
const MOST_SLOWER = 2;
const VOTERS = 8;
const VOTING_MS = 10_000;

it('keeps votes quick while twenty people a second log in', async () => {
  await topic(site, { names: thingNames(200) });
  const { username, password } = await member(site);
  const voters = await Promise.all(Array.from({ length: VOTERS }, () => member(site)));
  const castAll = async (): Promise<number[]> => {
    const until = Date.now() + VOTING_MS;
    const own = await Promise.all(voters.map(({ browser }) => castUntil(browser, until)));
    return own.flat().sort((one, other) => one - other);
  };
  await castAll();
  const quiet = await castAll();
  const logIns: Promise<Response>[] = [];
  let place = 0;
  const timer = setInterval(() => {
    const form = new URLSearchParams({ username, password });
    const from = `10.1.${++place % 200}.1`;
    const headers = { 'User-Agent': FIREFOX, 'Sec-Fetch-Site': 'same-origin', 'X-Forwarded-For': from };
    logIns.push(
      fetch(`${site.origin}/login`, {
        method: 'POST',
        body: form,
        redirect: 'manual',
        headers,
      }),
    );
  }, 50);
  const busy = await castAll();
  clearInterval(timer);
  const statuses = (await Promise.all(logIns)).map(({ status }) => status);
  const accepted = statuses.filter((status) => status === 303).length;
  console.info(`quiet: ${quiet.length} votes, p50 ${at(quiet, 0.5)} ms, p99 ${at(quiet, 0.99)} ms`);
  console.info(
    `busy:  ${busy.length} votes, p50 ${at(busy, 0.5)} ms, p99 ${at(busy, 0.99)} ms, ${accepted} of ${statuses.length} logged in`,
  );
  expect(Number(at(busy, 0.99)) / Number(at(quiet, 0.99))).toBeLessThan(MOST_SLOWER);
});

/** Casts votes, one after the other with a pause for a thought. @returns how long each took, in milliseconds */
async function castUntil(browser: Browser, until: number): Promise<number[]> {
  const all: number[] = [];
  let { ballot } = pairOn((await browser.get('/vote')).text);
  while (Date.now() < until) {
    const began = performance.now();
    const { text } = await browser.post('/vote').set(HTMX).type('form').send({ ballot, choice: 'left' });
    all.push(performance.now() - began);
    ({ ballot } = pairOn(text));
    await sleep(100);
  }
  return all;
}

async function latencies(count: number): Promise<number[]> {
  const all: number[] = [];
  for (let look = 0; look < count; look++) {
    const began = performance.now();
    await (await fetch(`${site.origin}/`)).text();
    all.push(performance.now() - began);
  }
  return all.sort((one, other) => one - other);
}

const at = (sorted: number[], share: number): string =>
  (sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0).toFixed(1);
