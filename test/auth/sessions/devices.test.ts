import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { CHROME, itOnPostgres, itOnRedis, loseKeys, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

type User = Awaited<ReturnType<typeof member>>;

async function logInAgain({ username, password }: User, userAgent = CHROME) {
  const browser = visit(site, { userAgent });
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  return browser;
}

const rows = (id: number) =>
  site.db.selectFrom('sessions').where('userId', '=', id).selectAll().orderBy('id').execute();

/** Makes the last confirmation of the password that old. */
async function ageConfirmation({ id }: User, age = '11 minutes'): Promise<void> {
  await sql`update sessions set confirmed_at = now() - ${age}::interval where user_id = ${id}`.execute(
    site.db,
  );
}

it('lists a user’s sessions, marks this one, and shows no secret', async () => {
  const user = await member(site);
  await logInAgain(user);
  const { text } = await user.browser.get('/profile/sessions').expect(200);
  const $ = read(text);
  expect(
    $('.entry-name')
      .map((_index, name) => $(name).text())
      .get()
      .sort(),
  ).toEqual(['Chrome on Windows', 'Firefox on Linux this device']);
  expect($('#activity').parent().text()).toContain('Logged in on Chrome on Windows');
  for (const { accessTokenHash } of await rows(user.id)) expect(text).not.toContain(accessTokenHash);
});

it('ends another session at once, and tells its browser why', async () => {
  const user = await member(site);
  const other = await logInAgain(user);
  const $ = read((await user.browser.get('/profile/sessions')).text);
  await user.browser.post($('form[action$="/end"]').first().attr('action') ?? '').expect(303);
  await other.get('/profile').expect(303);
  expect(read((await other.get('/login')).text)('.flash').text()).toContain('from another of your devices');
  await user.browser.get('/profile').expect(200);
  expect((await rows(user.id)).map(({ endReason }) => endReason)).toEqual([null, 'revoked']);
  const page = read((await user.browser.get('/profile/sessions')).text);
  expect(page('#ended').parent().text()).toContain('Logged out from another device');
});

it('logs out everywhere else', async () => {
  const user = await member(site);
  const others = [await logInAgain(user), await logInAgain(user)];
  await user.browser.post('/profile/sessions/end-others').expect(303);
  for (const other of others) await other.get('/profile').expect(303);
  await user.browser.get('/profile').expect(200);
});

it('answers 404 for another user’s session', async () => {
  const owner = await member(site);
  const stranger = await member(site);
  const [row] = await rows(owner.id);
  await stranger.browser.post(`/profile/sessions/${row?.publicId}/end`).expect(404);
  await stranger.browser.post('/profile/sessions/nonsense/end').expect(404);
  await owner.browser.get('/profile').expect(200);
});

it('asks for the password again after a while, and then completes the request under a new id', async () => {
  const user = await member(site);
  const other = await logInAgain(user);
  await ageConfirmation(user);
  const asked = await user.browser.post('/profile/sessions/end-others').expect(422);
  expect(read(asked.text)('form.stack').attr('action')).toBe('/profile/sessions/end-others');
  const wrong = await user.browser
    .post('/profile/sessions/end-others')
    .type('form')
    .send({ password: 'not this' });
  expect(read(wrong.text)('#password-error').text()).toContain('Wrong password');
  await other.get('/profile').expect(200);

  const [before] = await rows(user.id);
  const { password } = user;
  await user.browser.post('/profile/sessions/end-others').type('form').send({ password }).expect(303);
  await other.get('/profile').expect(303);
  await user.browser.get('/profile').expect(200);
  const [after] = await rows(user.id);
  expect(after?.accessTokenHash).not.toBe(before?.accessTokenHash);
});

it('ends a stranger’s session, and leads to the form for a new password', async () => {
  const user = await member(site);
  const other = await logInAgain(user);
  const $ = read((await user.browser.get('/profile/sessions')).text);
  const form = $('form:has([name=stranger])').first();
  const answer = await user.browser
    .post(form.attr('action') ?? '')
    .type('form')
    .send({ stranger: 'yes' });
  expect(answer.headers.location).toBe('/profile/password');
  await other.get('/profile').expect(303);
  const page = await user.browser.get('/profile/password').expect(200);
  expect(read(page.text)('.flash').text()).toContain('choose a new password');
});

/** Changes the password, and with it the session id. @returns the old cookie */
async function changePassword({ browser, password }: User): Promise<string> {
  const jar = { path: '/', domain: '127.0.0.1', secure: false, script: false };
  const before = `thinga=${browser.jar.getCookie('thinga', jar)?.value}`;
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  return before;
}

it('ignores a log-out with an id that was changed more than a minute ago', async () => {
  const user = await member(site);
  const before = await changePassword(user);
  const rotatedAt = new Date(Date.now() - 61_000);
  await site.db.updateTable('sessions').set({ rotatedAt }).where('userId', '=', user.id).execute();
  await visit(site).post('/logout').set('Cookie', before).expect(303);
  await user.browser.get('/profile').expect(200);
});

it('accepts a log-out with an id that was just changed, and does not take it for a guess', async () => {
  const user = await member(site);
  const before = await changePassword(user);
  const late = await visit(site).get('/profile').set('Cookie', before).expect(303);
  expect(late.headers['set-cookie']).toBeUndefined();
  await user.browser.get('/profile').expect(200);
  await visit(site).post('/logout').set('Cookie', before).expect(303);
  await user.browser.get('/profile').expect(303);
  expect(await rows(user.id)).toMatchObject([{ status: 'inactive', endReason: 'logout' }]);
});

it('asks for the password again after ten minutes, and not before', async () => {
  const user = await member(site);
  await ageConfirmation(user, '9 minutes');
  await user.browser.post('/profile/sessions/end-others').expect(303);
  await ageConfirmation(user, '10 minutes 1 second');
  await user.browser.post('/profile/sessions/end-others').expect(422);
  const { password } = user;
  await user.browser.post('/profile/sessions/end-others').type('form').send({ password }).expect(303);
  await user.browser.post('/profile/sessions/end-others').expect(303);
});

itOnRedis('does not ask for the password again when Redis loses everything', async () => {
  const user = await member(site);
  const other = await logInAgain(user);
  await loseKeys(site);
  await user.browser.post('/profile/sessions/end-others').expect(303);
  await other.get('/profile').expect(303);
  await user.browser.get('/profile').expect(200);
});

it('ends a session after ten wrong passwords in a row on any form, and says why', async () => {
  const user = await member(site);
  const change = (current: string, password = 'another long phrase') =>
    user.browser.post('/profile/password').type('form').send({ current, password });
  const confirm = () =>
    user.browser.post('/profile/sessions/end-others').type('form').send({ password: 'a guess' });
  for (let guess = 1; guess < 10; guess++) await change('a guess').expect(422);
  await change(user.password).expect(303);
  await ageConfirmation(user);
  for (let guess = 1; guess < 10; guess++) await (guess % 2 ? change('a guess') : confirm()).expect(422);
  const last = await confirm().expect(303);
  expect(last.headers.location).toBe('/login');
  await user.browser.get('/profile').expect(303);
  expect(read((await user.browser.get('/login')).text)('.flash').text()).toContain('ten wrong passwords');
  const [row] = await rows(user.id);
  expect(row).toMatchObject({ status: 'inactive', endReason: 'guesses' });
  const back = await logInAgain({ ...user, password: 'another long phrase' });
  const activity = read((await back.get('/profile/sessions')).text)('#activity')
    .parent()
    .text();
  expect(activity).toContain('A wrong password was entered');
  expect(activity).toContain('ten wrong passwords in a row');
});

itOnPostgres('checks at most ten passwords on a session, however many arrive at once', async () => {
  const user = await member(site);
  const guess = (current: string, host: number) =>
    user.browser
      .post('/profile/password')
      .set('X-Forwarded-For', `10.8.0.${host}`)
      .type('form')
      .send({ current, password: 'another long phrase' });
  await Promise.all(Array.from({ length: 20 }, (_, host) => guess('a guess', host)));
  expect(await rows(user.id)).toMatchObject([{ endReason: 'guesses' }]);
  const wrong = site.db.selectFrom('sessionEvents').where('kind', '=', 'password-wrong');
  expect(await wrong.where('userId', '=', user.id).select('id').execute()).toHaveLength(10);
});

it('changes a password: it asks for the current one, ends other sessions, and gives this one a new id', async () => {
  const user = await member(site);
  const other = await logInAgain(user);
  const change = (current: string, password: string) =>
    user.browser.post('/profile/password').type('form').send({ current, password });
  expect(
    read((await change('wrong', 'another long phrase').expect(422)).text)('#current-error').text(),
  ).not.toBe('');
  expect(read((await change(user.password, 'short').expect(422)).text)('#password-error').text()).toContain(
    '8',
  );
  const [before] = await rows(user.id);
  await change(user.password, 'another long phrase').expect(303);
  const [after, ended] = await rows(user.id);
  expect(after?.accessTokenHash).not.toBe(before?.accessTokenHash);
  expect(ended?.endReason).toBe('password');
  await other.get('/profile').expect(303);
  await user.browser.get('/profile').expect(200);
  const logIn = (password: string) =>
    visit(site).post('/login').type('form').send({ username: user.username, password });
  await logIn(user.password).expect(422);
  await logIn('another long phrase').expect(303);
});
