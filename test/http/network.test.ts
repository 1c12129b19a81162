import { beforeAll, expect, it } from 'vitest';
import { FIREFOX, importVotesOf, pairOn, type Site, thingNames, topic, useSite } from '../site.js';

const SCHOOL = '198.51.100.7';
const trusting = useSite({
  rateLimits: 1,
  trustProxy: 1,
  trustedNetworks: ['198.51.100.0/24', '2001:db8:5::/48'],
  passwordCost: 8,
});
const plain = useSite({ rateLimits: 1, trustProxy: 1, passwordCost: 8 });
beforeAll(async () => {
  for (const site of [trusting, plain])
    await importVotesOf(site, 20, await topic(site, { names: thingNames(20) }));
});

it('serves a whole class that registers, logs in and votes at once behind a trusted address', async () => {
  expect(await statusesOfClass(trusting)).toEqual([200, 303]);
});

it('refuses some of such a class behind any other address', async () => {
  const statuses = await statusesOfClass(plain);
  expect(statuses).toContain(503);
});

it('lets a class of visitors vote behind a trusted address', async () => {
  expect(await statusesOfVisitors(trusting, SCHOOL)).toEqual([200, 303]);
});

it('refuses some votes of such visitors behind any other address', async () => {
  expect(await statusesOfVisitors(plain, SCHOOL)).toContain(429);
});

it.each([
  ['198.51.100.255', 200],
  ['::ffff:198.51.100.9', 200],
  ['198.51.101.9', 429],
  ['2001:db8:5:9::9', 200],
  ['2001:db8:6:9::9', 429],
  ['somewhere', 429],
])('decides by its subnet whether %s is trusted', async (address, lastStatus) => {
  const browser = new SharedAddressBrowser(trusting, address);
  for (let look = 0; look < 20; look++) await browser.send('/topics/foods/data.json');
  expect((await browser.send('/topics/foods/data.json')).status).toBe(lastStatus);
});

it('limits the failed log-ins of an account as strictly behind a trusted address', async () => {
  const owner = new SharedAddressBrowser(trusting, SCHOOL);
  const form = { username: 'guessed-at', password: 'a long enough phrase' };
  expect((await owner.send('/register', form)).status).toBe(303);
  const guesser = new SharedAddressBrowser(trusting, SCHOOL);
  for (let guess = 1; guess <= 6; guess++)
    await guesser.send('/login', { ...form, password: `a wrong guess ${guess}` });
  expect((await guesser.send('/login', form)).status).toBe(422);
});

it('allows a trusted address more failed log-ins', async () => {
  const browser = new SharedAddressBrowser(trusting, '198.51.100.8');
  for (let guess = 0; guess < 61; guess++)
    await browser.send('/login', { username: `nobody${guess}`, password: 'a wrong guess' });
  expect([...browser.statuses]).toEqual([422]);
});

/** A browser behind a shared address. */
class SharedAddressBrowser {
  readonly statuses = new Set<number>();
  readonly #site: Site;
  readonly #address: string;
  readonly #cookies = new Map<string, string>();

  constructor(site: Site, address: string) {
    this.#site = site;
    this.#address = address;
  }

  async send(path: string, fields?: Record<string, string>): Promise<{ status: number; text: string }> {
    const answer = await fetch(this.#site.origin + path, {
      method: fields ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        'User-Agent': FIREFOX,
        'Sec-Fetch-Site': 'same-origin',
        'X-Forwarded-For': this.#address,
        Cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      },
      ...(fields && { body: new URLSearchParams(fields) }),
    });
    for (const header of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      this.#cookies.set(name, value);
    }
    this.statuses.add(answer.status);
    return { status: answer.status, text: await answer.text() };
  }

  async vote(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const { ballot } = pairOn((await this.send('/vote')).text);
      await this.send('/vote', { ballot, choice: 'left' });
    }
  }
}

/** Has forty users register, log out, log in and vote at the same time. @returns each status once */
async function statusesOfClass(site: Site): Promise<number[]> {
  const pupils = Array.from({ length: 40 }, (_, pupil) => ({
    browser: new SharedAddressBrowser(site, SCHOOL),
    form: { username: `pupil-${pupil}`, password: 'a long enough phrase' },
  }));
  await Promise.all(pupils.map(({ browser, form }) => browser.send('/register', form)));
  await Promise.all(pupils.map(({ browser }) => browser.send('/logout', {})));
  await Promise.all(pupils.map(({ browser, form }) => browser.send('/login', form)));
  await Promise.all(pupils.map(({ browser }) => browser.vote(3)));
  return allStatuses(pupils.map(({ browser }) => browser));
}

/** Has thirty visitors cast nine votes each. @returns each status once */
async function statusesOfVisitors(site: Site, address: string): Promise<number[]> {
  const visitors = Array.from({ length: 30 }, () => new SharedAddressBrowser(site, address));
  await Promise.all(visitors.map((visitor) => visitor.vote(9)));
  return allStatuses(visitors);
}

function allStatuses(browsers: SharedAddressBrowser[]): number[] {
  return [...new Set(browsers.flatMap(({ statuses }) => [...statuses]))].sort((one, other) => one - other);
}
