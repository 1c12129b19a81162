import { expect, it } from 'vitest';
import { type Browser, itOnRedis, keysOf, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

let addresses = 0;
const nextAddress = (): string => `198.51.100.${(addresses++ % 250) + 1}`;

/** Tries to log in, from a new address unless one is given. */
const logIn = (
  browser: Browser,
  { username, password }: { username: string; password: string },
  from = nextAddress(),
) => browser.post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });

it('makes strangers wait after some failures, with the same answer, but not the owner’s device', async () => {
  const { browser, username, password } = await member(site);
  await logIn(browser, { username, password }).expect(303);
  const stranger = visit(site);
  const first = await logIn(stranger, { username, password: 'a wrong guess 1' }).expect(422);
  for (let guess = 2; guess <= 6; guess++)
    await logIn(stranger, { username, password: `a wrong guess ${guess}` }).expect(422);
  const right = await logIn(stranger, { username, password });
  expect(right.status).toBe(422);
  expect(right.text).toBe(first.text);
  expect(read(right.text)('#login-error').text()).toContain('too many tries');
  await browser.post('/logout').expect(303);
  await logIn(browser, { username, password }).expect(303);
});

it('knows a device only for the account that logged in on it', async () => {
  const owner = await member(site);
  const other = await member(site);
  await logIn(other.browser, other).expect(303);
  for (let guess = 1; guess <= 6; guess++)
    await logIn(other.browser, { username: owner.username, password: `a wrong guess ${guess}` });
  await logIn(other.browser, owner).expect(422);
});

/** Guesses the password until strangers have to wait. */
async function guessUntilThrottled(username: string, browser = visit(site)): Promise<void> {
  for (let guess = 1; guess <= 6; guess++)
    await logIn(browser, { username, password: `a wrong guess ${guess}` }).expect(422);
}

it('knows the device on which a user registered or changed the password', async () => {
  const { browser, username, password } = await member(site);
  await guessUntilThrottled(username);
  await browser.post('/logout').expect(303);
  await logIn(browser, { username, password }).expect(303);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await guessUntilThrottled(username);
  await browser.post('/logout').expect(303);
  await logIn(browser, { username, password: form.password }).expect(303);
});

it('lets in a new device after a log-in or a password change on a known one', async () => {
  const { browser, username, password } = await member(site);
  await guessUntilThrottled(username);
  await logIn(visit(site), { username, password }).expect(422);
  await logIn(browser, { username, password }).expect(303);
  await logIn(visit(site), { username, password }).expect(303);
  await guessUntilThrottled(username);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await logIn(visit(site), { username, password: form.password }).expect(303);
});

it('forgets other devices when the password changes', async () => {
  const { browser, username, password } = await member(site);
  const thief = visit(site);
  await logIn(thief, { username, password }).expect(303);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await guessUntilThrottled(username, thief);
  await logIn(visit(site), { username, password: form.password }).expect(422);
});

it('forgets devices when another user takes the name of a closed account', async () => {
  const { browser, username, password: before } = await member(site);
  await logIn(browser, { username, password: before }).expect(303);
  const page = read((await browser.get('/profile/close')).text);
  const person = page('[name=person]').val() ?? '';
  await browser.post('/profile/close').type('form').send({ votes: 'keep', person }).expect(303);
  const { password } = await member(site, { username });
  await guessUntilThrottled(username, browser);
  await logIn(visit(site), { username, password }).expect(422);
});

it('resets the failures after a log-in', async () => {
  const { username, password } = await member(site);
  for (let round = 0; round < 4; round++) {
    for (let guess = 0; guess < 4; guess++)
      await logIn(visit(site), { username, password: 'a wrong guess' }).expect(422);
    await logIn(visit(site), { username, password }).expect(303);
  }
});

it('gives a network that guesses the same refusal for a right and a wrong password', async () => {
  const { username, password } = await member(site);
  const from = '203.0.113.1';
  for (let guess = 0; guess < 60; guess++)
    await logIn(visit(site), { username: `user${guess}`, password: 'a wrong guess' }, from).expect(422);
  const wrong = await logIn(visit(site), { username, password: 'a wrong guess' }, from).expect(429);
  const right = await logIn(visit(site), { username, password }, from).expect(429);
  const withoutTime = (text: string) => text.replace(/in \d+ \w+/, '');
  expect(withoutTime(right.text)).toBe(withoutTime(wrong.text));
  for (let guess = 0; guess < 10; guess++) await logIn(visit(site), { username, password }, from).expect(429);
  await logIn(visit(site), { username, password }).expect(303);
});

it('lets a stranger log in after the wait, however often they tried meanwhile', async () => {
  const { id, username, password } = await member(site);
  for (let guess = 0; guess < 5; guess++)
    await logIn(visit(site), { username, password: 'a wrong guess' }).expect(422);
  let [status, tries] = [422, 0];
  for (; status === 422 && tries < 1000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ status } = await logIn(visit(site), { username, password }));
  }
  expect(status).toBe(303);
  expect(tries).toBeGreaterThan(1);
  const events = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .select('kind')
    .orderBy('id')
    .execute();
  const expected = ['login', ...Array(5).fill('login-failed'), 'login-throttled', 'login'];
  expect(events.map(({ kind }) => kind)).toEqual(expected);
});

itOnRedis('stores no name that was tried, whatever its length', async () => {
  await logIn(visit(site), { username: 'n'.repeat(31_000), password: 'a wrong guess' }).expect(422);
  const keys = await keysOf(site, 'limit:');
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(key.length).toBeLessThan(120);
});

it('counts all addresses of an IPv6 network together, and says when to try again', async () => {
  let refused = 0;
  for (let guess = 0; guess < 70; guess++) {
    const from = `2001:db8:1:2:${guess.toString(16)}::${guess}`;
    const answer = await logIn(visit(site), { username: `nobody${guess}`, password: 'a wrong guess' }, from);
    if (answer.status !== 429) continue;
    refused++;
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(read(answer.text)('main').text()).toMatch(/try again in \d+ (seconds|minutes)/);
  }
  expect(refused).toBe(10);
  await logIn(visit(site), { username: 'nobody', password: 'a wrong guess' }, '2001:db8:1:3::1').expect(422);
});
