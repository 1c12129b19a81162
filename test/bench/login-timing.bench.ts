import { expect, it } from 'vitest';
import { Throttle } from '../../src/auth/sessions/throttle.js';
import { FIREFOX, member, useSite } from '../site.js';

// Production's cost is 12; at 11 the password is still nearly all of the time, and 800 tries take three minutes.
const site = useSite({ passwordCost: 11, production: true, trustProxy: 1 });
const TRIES = 200;
const WARM_UP = 10;
/** security.md, A38: the largest difference between two medians that is let pass. */
const MOST = 0.05;

it('takes as long to refuse an unknown name, a wrong password, a disabled account and a throttled one', async (context) => {
  if (!site.redis) context.skip('only in Redis can a count be put where the site finds it');
  const throttle = new Throttle(site.redis, site.prefix);
  const network = { key: 'elsewhere', factor: 1 };
  const [wrong, disabled, throttled] = [await member(site), await member(site), await member(site)];
  await site.db.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', disabled.id).execute();
  for (let guess = 0; guess < 14; guess++)
    await throttle.failed({ username: throttled.username, network, device: undefined });
  const kinds: Record<string, (round: number) => Promise<number>> = {
    'unknown name': (round) => refusal(`nobody${round}`, 'a wrong guess'),
    'wrong password': () => refusal(wrong.username, 'a wrong guess'),
    'disabled account': () => refusal(disabled.username, disabled.password),
    'throttled account': () => refusal(throttled.username, throttled.password),
  };
  const names = Object.keys(kinds);
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = -WARM_UP; round < TRIES; round++) {
    // In any order, so that none always follows the same one.
    for (const name of names.toSorted(() => Math.random() - 0.5)) {
      const time = await kinds[name]?.(round + WARM_UP);
      if (round >= 0 && time !== undefined) times.get(name)?.push(time);
    }
    // It stays a wrong password, and is never one too many.
    await refusal(wrong.username, wrong.password, 303);
    await refusal('nobody', 'a wrong guess');
  }
  const medians = names.map((name) => median(times.get(name) ?? []));
  const [least, most] = [Math.min(...medians), Math.max(...medians)];
  for (const [place, name] of names.entries())
    console.info(`${name.padEnd(20)} ${medians[place]?.toFixed(2)} ms`);
  const difference = most / least - 1;
  console.info(`largest difference   ${(100 * difference).toFixed(1)} %`);
  expect(difference).toBeLessThan(MOST);
});

let place = 0;

/** How long a log-in takes to be answered, in milliseconds. */
async function refusal(username: string, password: string, status = 422): Promise<number> {
  const body = new URLSearchParams({ username, password });
  // Every try from another place, so that only the account can be throttled.
  place++;
  const headers = {
    'User-Agent': FIREFOX,
    'Sec-Fetch-Site': 'same-origin',
    'X-Forwarded-For': `10.${place % 250}.${Math.floor(place / 250) % 250}.1`,
  };
  const began = performance.now();
  const answer = await fetch(`${site.origin}/login`, { method: 'POST', body, headers, redirect: 'manual' });
  await answer.text();
  const took = performance.now() - began;
  expect(answer.status).toBe(status);
  return took;
}

function median(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}
