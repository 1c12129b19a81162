import { beforeAll, expect, it } from 'vitest';
import { type Browser, itOnPostgres, member, read, topic, useSite, visit, vote } from '../../site.js';

const site = useSite({ trustProxy: 1 });
beforeAll(async () => {
  await topic(site);
});

const NEW_PASSWORD = 'a wholly new phrase';
const CODE = /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/;

const codeOn = (html: string): string => read(html)('#code').text();
const shownCode = async (browser: Browser): Promise<string> =>
  codeOn((await browser.get('/profile/recovery-code').expect(200)).text);
const recover = (browser: Browser, form: object) =>
  browser
    .post('/recover')
    .type('form')
    .send({ password: NEW_PASSWORD, ...form });
const logIn = (form: object) => visit(site).post('/login').type('form').send(form);

async function memberWithCode() {
  const user = await member(site);
  return { ...user, code: await shownCode(user.browser) };
}

const kinds = async (userId: number): Promise<string[]> => {
  const events = site.db.selectFrom('sessionEvents').where('userId', '=', userId).select('kind');
  return (await events.orderBy('id').execute()).map(({ kind }) => kind);
};

it('shows the recovery code right after the registration, and then leads to where the person was going', async () => {
  const browser = visit(site);
  const form = { username: 'reader', password: 'a long enough phrase', next: '/topics/foods/top?a=b' };
  const { headers } = await browser.post('/register').type('form').send(form).expect(303);
  const page = await browser.get(headers.location ?? '').expect(200);
  expect(codeOn(page.text)).toMatch(CODE);
  expect(page.headers['cache-control']).toBe('no-store');
  const next = read(page.text)('[name=next]').val();
  const saved = await browser.post('/profile/recovery-code/saved').type('form').send({ next }).expect(303);
  expect(saved.headers.location).toBe('/topics/foods/top?a=b');
  expect(await shownCode(browser)).toBe('');
});

it('shows the code to nobody else who logs in on this browser', async () => {
  const { browser } = await memberWithCode();
  const { username, password } = await member(site);
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  expect(await shownCode(browser)).toBe('');
});

it('lets somebody who lost password and device back in by name and code, as often as they lose them', async () => {
  const { browser: lost, username, password, id, code } = await memberWithCode();
  const browser = visit(site);
  const typed = code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  const answer = await recover(browser, { username, code: typed }).expect(303);
  const next = await shownCode(browser);
  expect(answer.headers.location).toBe('/profile/recovery-code?next=%2Fvote');
  expect(next).toMatch(CODE);
  expect(next).not.toBe(code);
  await lost.get('/profile').expect(303);
  await logIn({ username, password }).expect(422);
  await logIn({ username, password: NEW_PASSWORD }).expect(303);
  expect(await kinds(id)).toEqual(['login', 'recovered', 'ended', 'login', 'login-failed', 'login']);
  await recover(visit(site), { username, code }).expect(422);
  await recover(visit(site), { username, code: next, password: 'and one more phrase' }).expect(303);
});

it('gives unknown names, wrong codes, however many, and disabled accounts one answer', async () => {
  const { username, code, id } = await memberWithCode();
  const wrong = `0000-${code.slice(5)}`;
  const answers = [await recover(visit(site), { username, code: wrong })];
  answers.push(await recover(visit(site), { username: 'nobody-here', code: wrong }));
  for (let guess = 2; guess <= 6; guess++)
    answers.push(await recover(visit(site), { username, code: wrong }));
  const disabled = await memberWithCode();
  await site.db.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', disabled.id).execute();
  answers.push(await recover(visit(site), disabled));
  const plain = answers.map(({ status, text }) => {
    const $ = read(text);
    $('input').removeAttr('value');
    return [status, $('main').html()];
  });
  for (const answer of plain) expect(answer).toEqual(plain[0]);
  expect(plain[0]?.[0]).toBe(422);
  expect((await kinds(id)).slice(1)).toEqual([...Array(5).fill('recovery-failed'), 'recovery-throttled']);
});

it('keeps the code in the form when only the password is refused, and counts no try', async () => {
  const { username, code, id } = await memberWithCode();
  const answer = await recover(visit(site), { username, code, password: 'short' }).expect(422);
  const $ = read(answer.text);
  expect($('#password-error').text()).toContain('at least 8');
  expect($('#code').val()).toBe(code);
  expect(await kinds(id)).toEqual(['login']);
});

it('refuses a network that tries many codes, before it looks at them', async () => {
  const { username, code } = await memberWithCode();
  const from = '203.0.113.7';
  for (let guess = 0; guess < 60; guess++)
    await recover(visit(site), { username: `user${guess}`, code: 'x' })
      .set('X-Forwarded-For', from)
      .expect(422);
  await recover(visit(site), { username, code }).set('X-Forwarded-For', from).expect(429);
  await recover(visit(site), { username, code }).expect(303);
});

it('stays open while strangers guess the password', async () => {
  const { username, code } = await memberWithCode();
  for (let guess = 0; guess < 7; guess++) await logIn({ username, password: 'a wrong guess' }).expect(422);
  await recover(visit(site), { username, code }).expect(303);
  // Their next device need not wait for what strangers did.
  await logIn({ username, password: NEW_PASSWORD }).expect(303);
});

it('lets the right code in on any device, however many wrong ones strangers have sent', async () => {
  const { username, code } = await memberWithCode();
  for (let guess = 0; guess < 7; guess++) await recover(visit(site), { username, code: 'wrong' }).expect(422);
  await recover(visit(site), { username, code }).expect(303);
});

itOnPostgres('accepts a code once, however many send it at once', async () => {
  const { username, code } = await memberWithCode();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => recover(visit(site), { username, code })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422]);
});

it('makes a new code on request, after the password was confirmed, and ends the old one', async () => {
  const { browser, username, password, id, code } = await memberWithCode();
  await browser.post('/profile/recovery-code/saved').expect(303);
  const old = new Date(Date.now() - 3_600_000);
  await site.db.updateTable('sessions').set({ confirmedAt: old }).where('userId', '=', id).execute();
  await browser.post('/profile/recovery-code').expect(422);
  await browser.post('/profile/recovery-code').type('form').send({ password }).expect(303);
  const renewed = await shownCode(browser);
  expect(renewed).toMatch(CODE);
  expect(await kinds(id)).toContain('recovery-code');
  await recover(visit(site), { username, code }).expect(422);
  await recover(visit(site), { username, code: renewed }).expect(303);
});

it('gives an account from before recovery codes its first one', async () => {
  const { browser, id } = await memberWithCode();
  await site.db.deleteFrom('recoveryCodes').where('userId', '=', id).execute();
  const page = await browser.get('/profile/recovery-code').expect(200);
  expect(read(page.text)('main').text()).toContain('You don’t have one yet');
  await browser.post('/profile/recovery-code').expect(303);
  expect(await shownCode(browser)).toMatch(CODE);
});

it('takes over a guest’s votes when their account is recovered', async () => {
  const { username, code, id } = await memberWithCode();
  const browser = visit(site);
  await vote(browser);
  await recover(browser, { username, code }).expect(303);
  const votes = site.db.selectFrom('votes').where('voterId', '=', id).where('withdrawnAt', 'is', null);
  expect(await votes.select('id').execute()).toHaveLength(1);
});
