import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { CHROME, itOnPostgres, itOnRedis, member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

type Person = Awaited<ReturnType<typeof member>>;

async function signInAgain({ username, password }: Person, userAgent = CHROME) {
  const browser = visit(site, { userAgent });
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  return browser;
}

const rows = (id: number) =>
  site.db.selectFrom('sessions').where('userId', '=', id).selectAll().orderBy('id').execute();

/** As if the password had been given so long ago. */
async function letTimePass({ id }: Person, time = '11 minutes'): Promise<void> {
  await sql`update sessions set confirmed_at = now() - ${time}::interval where user_id = ${id}`.execute(
    site.db,
  );
}

it('lists where a person is signed in, marks this one, and names no secret', async () => {
  const person = await member(site);
  await signInAgain(person);
  const { text } = await person.browser.get('/profile/sessions').expect(200);
  const $ = read(text);
  expect(
    $('.entry-name')
      .map((_index, name) => $(name).text())
      .get()
      .sort(),
  ).toEqual(['Chrome on Windows', 'Firefox on Linux this one']);
  expect($('#happened').parent().text()).toContain('Logged in on Chrome on Windows');
  for (const { accessTokenHash } of await rows(person.id)) expect(text).not.toContain(accessTokenHash);
});

it('ends another session at once, and tells that browser why', async () => {
  const person = await member(site);
  const other = await signInAgain(person);
  const $ = read((await person.browser.get('/profile/sessions')).text);
  await person.browser.post($('form[action$="/end"]').first().attr('action') ?? '').expect(303);
  await other.get('/profile').expect(303);
  expect(read((await other.get('/login')).text)('.flash').text()).toContain('from another of your devices');
  await person.browser.get('/profile').expect(200);
  expect((await rows(person.id)).map(({ endReason }) => endReason)).toEqual([null, 'revoked']);
  const page = read((await person.browser.get('/profile/sessions')).text);
  expect(page('#ended').parent().text()).toContain('Logged out from another device');
});

it('signs out everywhere else', async () => {
  const person = await member(site);
  const others = [await signInAgain(person), await signInAgain(person)];
  await person.browser.post('/profile/sessions/end-others').expect(303);
  for (const other of others) await other.get('/profile').expect(303);
  await person.browser.get('/profile').expect(200);
});

it('knows nothing of another person’s sessions', async () => {
  const owner = await member(site);
  const stranger = await member(site);
  const [row] = await rows(owner.id);
  await stranger.browser.post(`/profile/sessions/${row?.publicId}/end`).expect(404);
  await stranger.browser.post('/profile/sessions/nonsense/end').expect(404);
  await owner.browser.get('/profile').expect(200);
});

it('asks for the password when it was given a while ago, and then does what was asked for under a new id', async () => {
  const person = await member(site);
  const other = await signInAgain(person);
  await letTimePass(person);
  const asked = await person.browser.post('/profile/sessions/end-others').expect(422);
  expect(read(asked.text)('form.stack').attr('action')).toBe('/profile/sessions/end-others');
  const wrong = await person.browser
    .post('/profile/sessions/end-others')
    .type('form')
    .send({ password: 'not this' });
  expect(read(wrong.text)('#password-error').text()).toContain('not your password');
  await other.get('/profile').expect(200);

  const [before] = await rows(person.id);
  const { password } = person;
  await person.browser.post('/profile/sessions/end-others').type('form').send({ password }).expect(303);
  await other.get('/profile').expect(303);
  await person.browser.get('/profile').expect(200);
  const [after] = await rows(person.id);
  expect(after?.accessTokenHash).not.toBe(before?.accessTokenHash);
});

it('ends a session that was somebody else’s, and leads to a new password', async () => {
  const person = await member(site);
  const other = await signInAgain(person);
  const $ = read((await person.browser.get('/profile/sessions')).text);
  const form = $('form:has([name=stranger])').first();
  const answer = await person.browser
    .post(form.attr('action') ?? '')
    .type('form')
    .send({ stranger: 'yes' });
  expect(answer.headers.location).toBe('/profile/password');
  await other.get('/profile').expect(303);
  const page = await person.browser.get('/profile/password').expect(200);
  expect(read(page.text)('.flash').text()).toContain('choose a new password');
});

/** Changes the password, and with it the id. @returns the cookie from before */
async function changeId({ browser, password }: Person): Promise<string> {
  const jar = { path: '/', domain: '127.0.0.1', secure: false, script: false };
  const before = `thinga=${browser.jar.getCookie('thinga', jar)?.value}`;
  const form = { current: password, password: 'another long phrase' };
  await browser.post('/profile/password').type('form').send(form).expect(303);
  return before;
}

it('logs nobody out by the id from before a change that was a while ago', async () => {
  const person = await member(site);
  const before = await changeId(person);
  const earlier = new Date(Date.now() - 61_000);
  await site.db.updateTable('sessions').set({ rotatedAt: earlier }).where('userId', '=', person.id).execute();
  await visit(site).post('/logout').set('Cookie', before).expect(303);
  await person.browser.get('/profile').expect(200);
});

it('honours a log-out that was sent with the id from before a change, and counts it as no guess', async () => {
  const person = await member(site);
  const before = await changeId(person);
  const late = await visit(site).get('/profile').set('Cookie', before).expect(303);
  expect(late.headers['set-cookie']).toBeUndefined();
  await person.browser.get('/profile').expect(200);
  await visit(site).post('/logout').set('Cookie', before).expect(303);
  await person.browser.get('/profile').expect(303);
  expect(await rows(person.id)).toMatchObject([{ status: 'inactive', endReason: 'logout' }]);
});

it('asks for the password ten minutes after it was given, and not before', async () => {
  const person = await member(site);
  await letTimePass(person, '9 minutes');
  await person.browser.post('/profile/sessions/end-others').expect(303);
  await letTimePass(person, '10 minutes 1 second');
  await person.browser.post('/profile/sessions/end-others').expect(422);
  const { password } = person;
  await person.browser.post('/profile/sessions/end-others').type('form').send({ password }).expect(303);
  await person.browser.post('/profile/sessions/end-others').expect(303);
});

itOnRedis('does not ask for the password again because Redis forgot everything', async () => {
  const person = await member(site);
  const other = await signInAgain(person);
  const keys = (await site.redis?.keys(`${site.prefix}*`)) ?? [];
  await site.redis?.del(...keys);
  await person.browser.post('/profile/sessions/end-others').expect(303);
  await other.get('/profile').expect(303);
  await person.browser.get('/profile').expect(200);
});

it('ends a session on which the password is guessed, wherever it is asked for, and says so', async () => {
  const person = await member(site);
  const change = (current: string, password = 'another long phrase') =>
    person.browser.post('/profile/password').type('form').send({ current, password });
  const confirm = () =>
    person.browser.post('/profile/sessions/end-others').type('form').send({ password: 'a guess' });
  for (let guess = 1; guess < 10; guess++) await change('a guess').expect(422);
  await change(person.password).expect(303);
  await letTimePass(person);
  for (let guess = 1; guess < 10; guess++) await (guess % 2 ? change('a guess') : confirm()).expect(422);
  const last = await confirm().expect(303);
  expect(last.headers.location).toBe('/login');
  await person.browser.get('/profile').expect(303);
  expect(read((await person.browser.get('/login')).text)('.flash').text()).toContain('ten wrong passwords');
  const [row] = await rows(person.id);
  expect(row).toMatchObject({ status: 'inactive', endReason: 'guesses' });
  const back = await signInAgain({ ...person, password: 'another long phrase' });
  const happened = read((await back.get('/profile/sessions')).text)('#happened')
    .parent()
    .text();
  expect(happened).toContain('A wrong password was given');
  expect(happened).toContain('ten wrong passwords in a row');
});

itOnPostgres('checks no more than ten passwords on a session, however many come at once', async () => {
  const person = await member(site);
  const guess = (current: string, place: number) =>
    person.browser
      .post('/profile/password')
      .set('X-Forwarded-For', `10.8.0.${place}`)
      .type('form')
      .send({ current, password: 'another long phrase' });
  await Promise.all(Array.from({ length: 20 }, (_, place) => guess('a guess', place)));
  expect(await rows(person.id)).toMatchObject([{ endReason: 'guesses' }]);
  const wrong = site.db.selectFrom('sessionEvents').where('kind', '=', 'password-wrong');
  expect(await wrong.where('userId', '=', person.id).select('id').execute()).toHaveLength(10);
});

it('changes a password: the current one is asked for, other sessions end, this one gets a new id', async () => {
  const person = await member(site);
  const other = await signInAgain(person);
  const change = (current: string, password: string) =>
    person.browser.post('/profile/password').type('form').send({ current, password });
  expect(
    read((await change('wrong', 'another long phrase').expect(422)).text)('#current-error').text(),
  ).not.toBe('');
  expect(read((await change(person.password, 'short').expect(422)).text)('#password-error').text()).toContain(
    '8',
  );
  const [before] = await rows(person.id);
  await change(person.password, 'another long phrase').expect(303);
  const [after, ended] = await rows(person.id);
  expect(after?.accessTokenHash).not.toBe(before?.accessTokenHash);
  expect(ended?.endReason).toBe('password');
  await other.get('/profile').expect(303);
  await person.browser.get('/profile').expect(200);
  const log = (password: string) =>
    visit(site).post('/login').type('form').send({ username: person.username, password });
  await log(person.password).expect(422);
  await log('another long phrase').expect(303);
});
