import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { purgeChallenges } from '../../../src/auth/passkeys/challenges.js';
import { type Browser, itOnPostgres, member, read, useSite, visit } from '../../site.js';
import { Authenticator } from './authenticator.js';

const site = useSite({ trustProxy: 1 });

const optionsOf = async (browser: Browser, path: string) => (await browser.post(path).expect(200)).body;
const add = (browser: Browser, passkey: string, name = '') =>
  browser.post('/profile/passkeys').type('form').send({ passkey, name });
const logIn = (browser: Browser, passkey: string, form = {}) =>
  browser
    .post('/login/passkey')
    .type('form')
    .send({ passkey, ...form });
const answer = async (browser: Browser, authenticator: Authenticator): Promise<string> =>
  authenticator.get(await optionsOf(browser, '/login/passkey/options'));

/** Registers a member who has one passkey. */
async function memberWithPasskey() {
  const user = await member(site);
  const authenticator = new Authenticator(site.config.publicOrigin);
  const options = await optionsOf(user.browser, '/profile/passkeys/options');
  await add(user.browser, authenticator.create(options), 'My phone').expect(303);
  return { ...user, authenticator };
}

async function ageConfirmation(userId: number): Promise<void> {
  await sql`update sessions set confirmed_at = now() - interval '1 hour' where user_id = ${userId}`.execute(
    site.db,
  );
}

const kinds = async (userId: number) => {
  const events = site.db.selectFrom('sessionEvents').where('userId', '=', userId).orderBy('id');
  const rows = await events.select(['kind', 'reason']).execute();
  return rows.map(({ kind, reason }) => [kind, reason].filter(Boolean).join(' '));
};

it('logs somebody in by a passkey, without a name, for as long as they like, and where they were going', async () => {
  const { id, username, authenticator } = await memberWithPasskey();
  const browser = visit(site);
  const form = { remember: 'yes', next: '/profile' };
  const { headers } = await logIn(browser, await answer(browser, authenticator), form).expect(303);
  expect(headers.location).toBe('/profile');
  expect(read((await browser.get('/profile').expect(200)).text)('h1').text()).toBe(username);
  expect(await kinds(id)).toEqual(['login', 'passkey-added', 'login passkey']);
  const sessions = site.db.selectFrom('sessions').where('userId', '=', id).select('remembered').orderBy('id');
  expect(await sessions.execute()).toEqual([{ remembered: false }, { remembered: true }]);
  const activity = read((await browser.get('/profile/sessions')).text)('#activity')
    .parent()
    .text();
  expect(activity).toContain('Logged in with a passkey');
});

it('lets somebody who lost the password in by a passkey, also while strangers guess the password', async () => {
  const { username, authenticator } = await memberWithPasskey();
  for (let guess = 0; guess < 7; guess++)
    await visit(site).post('/login').type('form').send({ username, password: 'a wrong guess' }).expect(422);
  const browser = visit(site);
  await logIn(browser, await answer(browser, authenticator)).expect(303);
  // They confirm who they are by the passkey, and make a recovery code, which sets a password.
  await browser.post('/profile/recovery-code').expect(303);
  const code = read((await browser.get('/profile/recovery-code')).text)('#code').text();
  await visit(site)
    .post('/recover')
    .type('form')
    .send({ username, code, password: 'a wholly new phrase' })
    .expect(303);
});

it('lets somebody who lost the passkey in by the password, and remove it', async () => {
  const { username, password, authenticator } = await memberWithPasskey();
  const browser = visit(site);
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  const $ = read((await browser.get('/profile/passkeys').expect(200)).text);
  expect($('.entry-name').text()).toBe('My phone');
  await browser.post($('form[action$="/remove"]').attr('action') ?? '').expect(303);
  const other = visit(site);
  await logIn(other, await answer(other, authenticator)).expect(422);
});

it('accepts a passkey in place of the password before a sensitive act', async () => {
  const { browser, id, authenticator } = await memberWithPasskey();
  await ageConfirmation(id);
  const asked = await browser.post('/profile/sessions/end-others').expect(422);
  expect(read(asked.text)('[data-passkey]').text()).toBe('Use a passkey');
  const passkey = authenticator.get(await optionsOf(browser, '/profile/passkeys/confirm-options'));
  const confirm = () =>
    browser.post('/profile/sessions/end-others').type('form').send({ 'confirm-passkey': passkey });
  await confirm().expect(303);
  expect(await kinds(id)).toContain('rotated passkey');
  await ageConfirmation(id);
  const again = await confirm().expect(422);
  expect(read(again.text)('#password-error').text()).toContain('Nothing has changed yet');
});

it('accepts no passkey of somebody else, and no answer to another question, as a confirmation', async () => {
  const [user, other] = [await memberWithPasskey(), await memberWithPasskey()];
  await ageConfirmation(user.id);
  const confirm = (passkey: string) =>
    user.browser.post('/profile/sessions/end-others').type('form').send({ 'confirm-passkey': passkey });
  const path = '/profile/passkeys/confirm-options';
  await confirm(other.authenticator.get(await optionsOf(user.browser, path))).expect(422);
  await confirm(user.authenticator.get(await optionsOf(other.browser, path))).expect(422);
  await confirm(await answer(user.browser, user.authenticator)).expect(422);
  await logIn(visit(site), user.authenticator.get(await optionsOf(user.browser, path))).expect(422);
  await confirm(user.authenticator.get(await optionsOf(user.browser, path))).expect(303);
});

it('tells two passkeys of one name apart, for people who only hear their buttons', async () => {
  const { browser, id } = await member(site);
  const passkey = { userId: id, publicKey: Buffer.alloc(80), counter: 0, name: 'Chrome on Linux' };
  await site.db
    .insertInto('passkeys')
    .values(
      ['first', 'second'].map((credentialId, index) => ({
        ...{ ...passkey, credentialId: `${credentialId}-of-${id}`, lastUsedAt: null },
        createdAt: new Date(Date.UTC(2026, 10, 1 + index)),
      })),
    )
    .execute();
  const $ = read((await browser.get('/profile/passkeys').expect(200)).text);
  for (const control of ['.passkeys button.quiet', '.passkeys summary']) {
    const names = $(control).map((_index, element) => $(element).text().replace(/\s+/g, ' ').trim());
    expect(new Set(names.get()).size, control).toBe(2);
    expect(names.get()[0]).toContain('Chrome on Linux, added ');
  }
});

it('asks for the password before a passkey is added or removed', async () => {
  const { browser, id, password } = await memberWithPasskey();
  const path =
    read((await browser.get('/profile/passkeys')).text)('form[action$="/remove"]').attr('action') ?? '';
  const second = new Authenticator(site.config.publicOrigin);
  const passkey = second.create(await optionsOf(browser, '/profile/passkeys/options'));
  await ageConfirmation(id);
  await browser.post('/profile/passkeys/options').expect(403);
  await browser.post(path).expect(422);
  const asked = await add(browser, passkey).expect(422);
  expect(read(asked.text)('#password')).toHaveLength(1);
  await browser.post('/profile/passkeys').type('form').send({ passkey, password }).expect(303);
  await browser.post(path).expect(303);
  const names = read((await browser.get('/profile/passkeys')).text)('.entry-name');
  expect(names.text()).toBe('Firefox on Linux');
  expect(await kinds(id)).toEqual(['login', 'passkey-added', 'rotated', 'passkey-added', 'passkey-removed']);
});

it('accepts an answer once', async () => {
  const { authenticator, browser } = await memberWithPasskey();
  const used = await answer(browser, authenticator);
  await logIn(visit(site), used).expect(303);
  const refused = await logIn(visit(site), used, { username: 'typed', remember: 'yes' }).expect(422);
  const $ = read(refused.text);
  expect($('[role=alert]').text()).toContain('didn’t work here');
  expect([$('#username').val(), $('[name=remember]').is(':checked')]).toEqual(['typed', true]);
});

itOnPostgres('accepts an answer once, however many send it at once', async () => {
  const { authenticator, browser } = await memberWithPasskey();
  const used = await answer(browser, authenticator);
  const answers = await Promise.all(Array.from({ length: 4 }, () => logIn(visit(site), used)));
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422, 422, 422]);
});

it.each([
  ['made for another site', (one: Authenticator) => Object.assign(one, { origin: 'https://thinga.example' })],
  ['made for another domain', (one: Authenticator) => Object.assign(one, { rpId: 'thinga.example' })],
  ['without recognising its owner', (one: Authenticator) => Object.assign(one, { verifies: false })],
  ['of somebody else', (one: Authenticator) => Object.assign(one, { userHandle: 'AAAAAAAAAAAAAAAAAAAAAA' })],
])('refuses an answer %s, and records it where the passkey is known', async (_case, change) => {
  const { authenticator, browser, id } = await memberWithPasskey();
  change(authenticator);
  await logIn(visit(site), await answer(browser, authenticator)).expect(422);
  const expected = authenticator.userHandle.startsWith('AAAA') ? [] : ['passkey-failed'];
  expect((await kinds(id)).slice(2)).toEqual(expected);
});

it('refuses a copy of a passkey whose counter falls behind', async () => {
  const { browser, id } = await member(site);
  const authenticator = new Authenticator(site.config.publicOrigin);
  authenticator.counter = 5;
  await add(browser, authenticator.create(await optionsOf(browser, '/profile/passkeys/options'))).expect(303);
  await logIn(visit(site), await answer(browser, authenticator)).expect(303);
  const { counter } = await site.db
    .selectFrom('passkeys')
    .where('userId', '=', id)
    .select('counter')
    .executeTakeFirstOrThrow();
  expect(counter).toBe(6);
  authenticator.counter = 5;
  await logIn(visit(site), await answer(browser, authenticator)).expect(422);
  expect((await kinds(id)).at(-1)).toBe('passkey-failed');
});

it('refuses an answer after ten minutes, and deletes the question', async () => {
  const { authenticator, browser } = await memberWithPasskey();
  const late = await answer(browser, authenticator);
  await sql`update passkey_challenges set expires_at = now() - interval '1 second'`.execute(site.db);
  await logIn(visit(site), late).expect(422);
  await optionsOf(browser, '/login/passkey/options');
  await sql`update passkey_challenges set expires_at = now() - interval '1 second'`.execute(site.db);
  await purgeChallenges(site.db);
  expect(await site.db.selectFrom('passkeyChallenges').selectAll().execute()).toEqual([]);
});

it('refuses a disabled account', async () => {
  const { authenticator, browser, id } = await memberWithPasskey();
  const passkey = await answer(browser, authenticator);
  await site.db.updateTable('users').set({ disabledAt: new Date() }).where('id', '=', id).execute();
  await logIn(visit(site), passkey).expect(422);
});

it.each([
  '',
  '{',
  'null',
  '{"id":"a"}',
  JSON.stringify({ id: 'a', rawId: 'a', type: 'public-key', response: {} }),
])('refuses an answer that is none: %s', async (passkey) => {
  const { browser } = await member(site);
  await logIn(visit(site), passkey).expect(422);
  const page = await add(browser, passkey, 'Typed').expect(422);
  expect(read(page.text)('[role=alert]').text()).toContain('needs JavaScript');
  expect(read(page.text)('#name').val()).toBe('Typed');
});

it('renames passkeys, and changes none of somebody else', async () => {
  const [user, other] = [await memberWithPasskey(), await memberWithPasskey()];
  const $ = read((await user.browser.get('/profile/passkeys')).text);
  const path = $('.entries details form').attr('action') ?? '';
  await other.browser.post(path).type('form').send({ name: 'Mine now' }).expect(404);
  await other.browser.post(`${path}/remove`).expect(404);
  await user.browser.post('/profile/passkeys/nothing').type('form').send({ name: 'x' }).expect(404);
  await user.browser.post(path).type('form').send({ name: ' The <b>blue</b> key\n' }).expect(303);
  const page = read((await user.browser.get('/profile/passkeys')).text);
  expect(page('.entry-name').text()).toBe('The <b>blue</b> key');
});

it('keeps a passkey that is there already with its first owner', async () => {
  const { authenticator } = await memberWithPasskey();
  const { browser } = await member(site);
  const again = authenticator.create(await optionsOf(browser, '/profile/passkeys/options'));
  const page = await add(browser, again).expect(422);
  expect(read(page.text)('[role=alert]').text()).toContain('here already');
});

it('tells a browser nothing about accounts', async () => {
  const options = await optionsOf(visit(site), '/login/passkey/options');
  expect(Object.keys(options).sort()).toEqual(['challenge', 'rpId', 'timeout', 'userVerification']);
});

it('says after a recovery that passkeys go on working', async () => {
  const { browser } = await memberWithPasskey();
  await browser.post('/profile/recovery-code').expect(303);
  const page = read((await browser.get('/profile/recovery-code')).text);
  expect(page('main').text().replace(/\s+/g, ' ')).toContain('1 passkey can log in to your account');
});
