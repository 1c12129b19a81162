import { expect, it } from 'vitest';
import { itOnRedis, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

let place = 0;
const somewhere = (): string => `198.51.100.${(place++ % 250) + 1}`;

const tryIt = (browser: ReturnType<typeof visit>, username: string, password: string, from = somewhere()) =>
  browser.post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });

it('makes a stranger wait after some failures, in the same words, while the owner’s device gets in', async () => {
  const { browser, username, password } = await member(site);
  await tryIt(browser, username, password).expect(303);
  const stranger = visit(site);
  const first = await tryIt(stranger, username, 'a wrong guess 1').expect(422);
  for (let guess = 2; guess <= 6; guess++)
    await tryIt(stranger, username, `a wrong guess ${guess}`).expect(422);
  const right = await tryIt(stranger, username, password);
  expect(right.status).toBe(422);
  expect(right.text).toBe(first.text);
  expect(read(right.text)('#login-error').text()).toContain('too many tries');
  await browser.post('/logout').expect(303);
  await tryIt(browser, username, password).expect(303);
});

it('lets nobody use the device of another account', async () => {
  const owner = await member(site);
  const other = await member(site);
  await tryIt(other.browser, other.username, other.password).expect(303);
  for (let guess = 1; guess <= 6; guess++)
    await tryIt(other.browser, owner.username, `a wrong guess ${guess}`);
  await tryIt(other.browser, owner.username, owner.password).expect(422);
});

/** Guesses until strangers have to wait. */
async function guess(username: string, browser = visit(site)): Promise<void> {
  for (let time = 1; time <= 6; time++) await tryIt(browser, username, `a wrong guess ${time}`).expect(422);
}

it('knows the browser on which somebody registered, or changed the password', async () => {
  const { browser, username, password } = await member(site);
  await guess(username);
  await browser.post('/logout').expect(303);
  await tryIt(browser, username, password).expect(303);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await guess(username);
  await browser.post('/logout').expect(303);
  await tryIt(browser, username, form.password).expect(303);
});

it('lets the owner’s new device in once they logged in, or changed the password, on one that is known', async () => {
  const { browser, username, password } = await member(site);
  await guess(username);
  await tryIt(visit(site), username, password).expect(422);
  await tryIt(browser, username, password).expect(303);
  await tryIt(visit(site), username, password).expect(303);
  await guess(username);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await tryIt(visit(site), username, form.password).expect(303);
});

it('takes a device for a stranger’s once the password has changed', async () => {
  const { browser, username, password } = await member(site);
  const thief = visit(site);
  await tryIt(thief, username, password).expect(303);
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  await guess(username, thief);
  await tryIt(visit(site), username, form.password).expect(422);
});

it('takes a device for a stranger’s once the name is somebody else’s', async () => {
  const { browser, username, password: before } = await member(site);
  await tryIt(browser, username, before).expect(303);
  const page = read((await browser.get('/profile/close')).text);
  const person = page('[name=person]').val() ?? '';
  await browser.post('/profile/close').type('form').send({ votes: 'keep', person }).expect(303);
  const { password } = await member(site, { username });
  await guess(username, browser);
  await tryIt(visit(site), username, password).expect(422);
});

it('forgets failures once somebody logs in', async () => {
  const { username, password } = await member(site);
  for (let round = 0; round < 4; round++) {
    for (let guess = 0; guess < 4; guess++) await tryIt(visit(site), username, 'a wrong guess').expect(422);
    await tryIt(visit(site), username, password).expect(303);
  }
});

it('refuses a place that guesses alike, whether the password is right or wrong', async () => {
  const { username, password } = await member(site);
  const from = '203.0.113.1';
  for (let guess = 0; guess < 60; guess++)
    await tryIt(visit(site), `somebody${guess}`, 'a wrong guess', from).expect(422);
  const wrong = await tryIt(visit(site), username, 'a wrong guess', from).expect(429);
  const right = await tryIt(visit(site), username, password, from).expect(429);
  const withoutTime = (text: string) => text.replace(/in \d+ \w+/, '');
  expect(withoutTime(right.text)).toBe(withoutTime(wrong.text));
  for (let guess = 0; guess < 10; guess++) await tryIt(visit(site), username, password, from).expect(429);
  await tryIt(visit(site), username, password).expect(303);
});

it('lets a stranger in after the wait, however often they tried meanwhile', async () => {
  const { id, username, password } = await member(site);
  for (let guess = 0; guess < 5; guess++) await tryIt(visit(site), username, 'a wrong guess').expect(422);
  let [status, tries] = [422, 0];
  for (; status === 422 && tries < 1000; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    ({ status } = await tryIt(visit(site), username, password));
  }
  expect(status).toBe(303);
  expect(tries).toBeGreaterThan(1);
  const events = await site.db
    .selectFrom('sessionEvents')
    .where('userId', '=', id)
    .select('kind')
    .orderBy('id')
    .execute();
  const told = ['login', ...Array(5).fill('login-failed'), 'login-throttled', 'login'];
  expect(events.map(({ kind }) => kind)).toEqual(told);
});

itOnRedis('keeps no name that was tried, whatever its length', async () => {
  await tryIt(visit(site), 'n'.repeat(31_000), 'a wrong guess').expect(422);
  const keys = (await site.redis?.keys(`${site.prefix}limit:*`)) ?? [];
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) expect(key.length).toBeLessThan(120);
});

it('has one allowance for all the addresses of an IPv6 customer, and says when to try again', async () => {
  let refused = 0;
  for (let guess = 0; guess < 70; guess++) {
    const from = `2001:db8:1:2:${guess.toString(16)}::${guess}`;
    const answer = await tryIt(visit(site), `nobody${guess}`, 'a wrong guess', from);
    if (answer.status !== 429) continue;
    refused++;
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(read(answer.text)('main').text()).toMatch(/try again in \d+ (seconds|minutes)/);
  }
  expect(refused).toBe(10);
  await tryIt(visit(site), 'nobody', 'a wrong guess', '2001:db8:1:3::1').expect(422);
});
