import { expect, it } from 'vitest';
import { Throttle } from '../../src/auth/sessions/throttle.js';
import { FIREFOX, member, useSite } from '../site.js';

// Production's cost is 12. At 11 the hash still takes nearly all of the time, and 800 attempts take three
// minutes.
const site = useSite({ passwordCost: 11, production: true, trustProxy: 1 });
const ATTEMPTS = 200;
const WARM_UP = 10;
/** docs/security.md, rule 38: the largest allowed difference between two medians. */
const MAX_DIFFERENCE = 0.05;

it('takes as long to refuse an unknown name, a wrong password, a disabled account and a throttled one', async (context) => {
  if (!site.redis) context.skip('needs Redis, because the test sets the site’s count of failures there');
  const throttle = new Throttle(site.redis, site.prefix);
  const network = { key: 'elsewhere', factor: 1 };
  const [wrong, disabled, throttled] = [await member(site), await member(site), await member(site)];
  await site.db.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', disabled.id).execute();
  for (let guess = 0; guess < 14; guess++)
    await throttle.recordFailure({ username: throttled.username, network, device: undefined });
  const kinds: Record<string, (round: number) => Promise<number>> = {
    'unknown name': (round) => timeLogIn(`nobody${round}`, 'a wrong guess'),
    'wrong password': () => timeLogIn(wrong.username, 'a wrong guess'),
    'disabled account': () => timeLogIn(disabled.username, disabled.password),
    'throttled account': () => timeLogIn(throttled.username, throttled.password),
  };
  const names = Object.keys(kinds);
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < ATTEMPTS; round++) {
    // In random order, so that no kind always follows the same other kind.
    for (const name of names.toSorted(() => Math.random() - 0.5)) {
      const time = await kinds[name]?.(round + WARM_UP);
      if (round >= 0 && time !== undefined) times.get(name)?.push(time);
    }
    // A right password resets the count, so that the wrong ones are never throttled.
    await timeLogIn(wrong.username, wrong.password, 303);
    await timeLogIn('nobody', 'a wrong guess');
  }
  const medians = names.map((name) => median(times.get(name) ?? []));
  const [least, most] = [Math.min(...medians), Math.max(...medians)];
  for (const [index, name] of names.entries())
    console.info(`${name.padEnd(20)} ${medians[index]?.toFixed(2)} ms`);
  const difference = most / least - 1;
  console.info(`largest difference   ${(100 * difference).toFixed(1)} %`);
  expect(difference).toBeLessThan(MAX_DIFFERENCE);
});

let attempts = 0;

/** Sends a log-in. @returns the time until its answer in milliseconds */
async function timeLogIn(username: string, password: string, status = 422): Promise<number> {
  const body = new URLSearchParams({ username, password });
  // Each attempt comes from another address, so that only the account can be throttled.
  attempts++;
  const headers = {
    'User-Agent': FIREFOX,
    'Sec-Fetch-Site': 'same-origin',
    'X-Forwarded-For': `10.${attempts % 250}.${Math.floor(attempts / 250) % 250}.1`,
  };
  const startedAt = performance.now();
  const answer = await fetch(`${site.origin}/login`, { method: 'POST', body, headers, redirect: 'manual' });
  await answer.text();
  const took = performance.now() - startedAt;
  expect(answer.status).toBe(status);
  return took;
}

function median(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}
