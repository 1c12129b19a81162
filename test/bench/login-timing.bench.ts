import { expect, it } from 'vitest';
import { Throttle } from '../../src/auth/sessions/throttle.js';
import { FIREFOX, member, read, useSite } from '../site.js';

// Production's cost is 12. At 11 the hash still takes nearly all of the time, and 800 attempts take three
// minutes.
const site = useSite({ passwordCost: 11, production: true, trustProxy: 1 });
const ATTEMPTS = 200;
const WARM_UP = 10;
/** docs/security.md, rule 38: the largest allowed difference between two medians. */
const MAX_DIFFERENCE = 0.05;

/** Each way in, with its form, the throttle that guards it, and the fields that are right for an account. */
const ways: Record<string, Way> = {
  '/login': {
    prefix: '',
    fill: ({ username, password }) => ({ username, password }),
    wrong: { password: 'a guess' },
  },
  '/recover': {
    prefix: 'recovery:',
    fill: ({ username, code }) => ({ username, code, password: 'a long enough phrase' }),
    wrong: { code: '0000-0000' },
  },
};

interface Way {
  prefix: string;
  fill(user: User): Record<string, string>;
  wrong: Record<string, string>;
}
type User = { id: number; username: string; password: string; code: string };

it.for(Object.entries(ways))(
  'takes as long to refuse an unknown name, a wrong secret, a disabled account and a throttled one: %s',
  async ([path, { prefix, fill, wrong }], context) => {
    if (!site.redis) context.skip('needs Redis, because the test sets the site’s count of failures there');
    const throttle = new Throttle(site.redis, site.prefix + prefix);
    const network = { key: 'elsewhere', factor: 1 };
    const [owner, disabled, throttled] = [await userWithCode(), await userWithCode(), await userWithCode()];
    await site.db
      .updateTable('users')
      .set({ disabledAt: new Date() })
      .where('id', '=', disabled.id)
      .execute();
    for (let guess = 0; guess < 14; guess++)
      await throttle.recordFailure({ username: throttled.username, network, device: undefined });
    const kinds: Record<string, (round: number) => Promise<number>> = {
      'unknown name': (round) => timeRefusal(path, { ...fill(owner), ...wrong, username: `nobody${round}` }),
      'wrong secret': () => timeRefusal(path, { ...fill(owner), ...wrong }),
      'disabled account': () => timeRefusal(path, fill(disabled)),
      // The right recovery code is never kept waiting.
      'throttled account': () =>
        timeRefusal(path, { ...fill(throttled), ...(path === '/recover' ? wrong : {}) }),
    };
    const names = Object.keys(kinds);
    const times = new Map(names.map((name) => [name, [] as number[]]));
    for (let round = -WARM_UP; round < ATTEMPTS; round++) {
      // In random order, so that no kind always follows the same other kind.
      for (const name of names.toSorted(() => Math.random() - 0.5)) {
        const time = await kinds[name]?.(round + WARM_UP);
        if (round >= 0 && time !== undefined) times.get(name)?.push(time);
      }
      // As a right password would, so that the wrong ones are never throttled.
      for (const { username } of [owner, disabled])
        await throttle.recordSuccess({ username, device: undefined });
    }
    const medians = names.map((name) => median(times.get(name) ?? []));
    const [least, most] = [Math.min(...medians), Math.max(...medians)];
    for (const [index, name] of names.entries())
      console.info(`${name.padEnd(20)} ${medians[index]?.toFixed(2)} ms`);
    const difference = most / least - 1;
    console.info(`largest difference   ${(100 * difference).toFixed(1)} %`);
    expect(difference).toBeLessThan(MAX_DIFFERENCE);
  },
);

async function userWithCode(): Promise<User> {
  const user = await member(site);
  const code = read((await user.browser.get('/profile/recovery-code')).text)('#code').text();
  return { ...user, code };
}

let attempts = 0;

/** Sends a form that is refused. @returns the time until its answer in milliseconds */
async function timeRefusal(path: string, fields: Record<string, string>): Promise<number> {
  const body = new URLSearchParams(fields);
  // Each attempt comes from another address, so that only the account can be throttled.
  attempts++;
  const headers = {
    'User-Agent': FIREFOX,
    'Sec-Fetch-Site': 'same-origin',
    'X-Forwarded-For': `10.${attempts % 250}.${Math.floor(attempts / 250) % 250}.1`,
  };
  const startedAt = performance.now();
  const answer = await fetch(site.origin + path, { method: 'POST', body, headers, redirect: 'manual' });
  await answer.text();
  const took = performance.now() - startedAt;
  expect(answer.status).toBe(422);
  return took;
}

function median(times: number[]): number {
  return times.sort((one, other) => one - other)[Math.floor(times.length / 2)] ?? 0;
}
