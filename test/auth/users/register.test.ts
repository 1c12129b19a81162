import { expect, it } from 'vitest';
import { member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });
const PASSWORD = 'engines and flowers';

it('registers a user, logs them in and shows a welcome', async () => {
  const browser = visit(site);
  const registered = await browser
    .post('/register')
    .type('form')
    .send({ username: 'Ada', password: PASSWORD });
  expect(registered.status).toBe(303);
  expect(registered.headers.location).toBe('/profile/recovery-code?next=%2Fvote');
  const profile = await browser.get('/profile').expect(200);
  expect(read(profile.text)('h1').text()).toBe('Ada');
  expect(read(profile.text)('.flash').text()).toContain('Welcome');
});

it('keeps a new user logged in for as long as a log-in with the same choice', async () => {
  const lifetimeOf = async (username: string, remember: object) => {
    const form = { username, password: PASSWORD, ...remember };
    const { headers } = await visit(site).post('/register').type('form').send(form).expect(303);
    const cookie = (headers['set-cookie'] as unknown as string[]).find((text) => text.startsWith('thinga='));
    const { expiresAt, remembered } = await site.db
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'userId')
      .where('username', '=', username)
      .select(['expiresAt', 'remembered'])
      .executeTakeFirstOrThrow();
    const hours = Math.round((expiresAt.getTime() - Date.now()) / 3_600_000);
    return { hours, remembered, outlivesBrowser: cookie?.includes('Expires') };
  };
  expect(await lifetimeOf('shortly', {})).toEqual({ hours: 12, remembered: false, outlivesBrowser: false });
  expect(await lifetimeOf('lasting', { remember: 'yes' })).toEqual({
    hours: 30 * 24,
    remembered: true,
    outlivesBrowser: true,
  });
});

it('keeps the choice to stay logged in when the form is refused', async () => {
  const form = { username: 'a', password: PASSWORD, remember: 'yes' };
  const { text } = await visit(site).post('/register').type('form').send(form).expect(422);
  expect(read(text)('[name=remember]').is(':checked')).toBe(true);
});

it('returns to the page where the visitor was', async () => {
  const form = { username: 'wanderer', password: PASSWORD, next: '/topics/foods/vote' };
  const { headers } = await visit(site).post('/register').type('form').send(form);
  expect(headers.location).toBe('/profile/recovery-code?next=%2Ftopics%2Ffoods%2Fvote');
});

it.each([
  ['no name', { username: '', password: PASSWORD }, { field: 'username', message: 'Choose a name' }],
  ['a name of one letter', { username: 'a', password: PASSWORD }, { field: 'username', message: '2 to 30' }],
  [
    'spaces in a name',
    { username: 'a b', password: PASSWORD },
    { field: 'username', message: 'letters, digits' },
  ],
  [
    'a name with an invisible character',
    { username: 'ad\u200ba', password: PASSWORD },
    { field: 'username', message: 'letters' },
  ],
  [
    'a name of invisible characters',
    { username: '\u3164\u3164', password: PASSWORD },
    { field: 'username', message: 'letters' },
  ],
  ['a name of dots', { username: '..', password: PASSWORD }, { field: 'username', message: 'letters' }],
  [
    'a short password',
    { username: 'shorty', password: 'seven c' },
    { field: 'password', message: 'at least 8' },
  ],
  [
    'an endless password',
    { username: 'longy', password: 'x1'.repeat(65) },
    { field: 'password', message: 'at most 128' },
  ],
  [
    'a password that is the name',
    { username: 'hunter2024', password: 'Hunter2024' },
    { field: 'password', message: 'your name' },
  ],
  [
    'one of the most common passwords',
    { username: 'common', password: 'Password1' },
    { field: 'password', message: 'too common' },
  ],
  [
    'the name of the site',
    { username: 'namer', password: 'thinga123' },
    { field: 'password', message: 'too common' },
  ],
  [
    'one character again and again',
    { username: 'again', password: 'aaaaaaaaaa' },
    { field: 'password', message: 'too common' },
  ],
])('refuses %s beside the field and keeps the name in the form', async (_case, form, { field, message }) => {
  const answer = await visit(site).post('/register').type('form').send(form);
  expect(answer.status).toBe(422);
  const $ = read(answer.text);
  expect($(`#${field}-error`).text()).toContain(message);
  expect($(`#${field}`).attr('aria-describedby')).toContain(`${field}-error`);
  expect($('#username').val() ?? '').toBe(form.username);
  expect($('#password').val()).toBeUndefined();
});

it('says that a name is taken, in upper or lower case', async () => {
  await member(site, { username: 'Grace' });
  const answer = await visit(site)
    .post('/register')
    .type('form')
    .send({ username: 'gRACE', password: PASSWORD });
  expect(answer.status).toBe(422);
  expect(read(answer.text)('#username-error').text()).toContain('is taken');
});

it('gives a name to only one of several visitors who register it at once', async () => {
  const form = { username: 'contested', password: PASSWORD };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => visit(site).post('/register').type('form').send(form)),
  );
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
});

it('compares whole passwords, past 72 bytes and past a NUL byte', async () => {
  const long = 'p'.repeat(79);
  await member(site, { username: 'longpass', password: `${long}1` });
  await member(site, { username: 'nulpass', password: 'abcdefgh' });
  const logIn = (username: string, password: string) =>
    visit(site).post('/login').type('form').send({ username, password });
  expect((await logIn('longpass', `${long}2`)).status).toBe(422);
  expect((await logIn('longpass', `${long}1`)).status).toBe(303);
  expect((await logIn('nulpass', 'abcdefgh\0')).status).toBe(422);
});

it('accepts a password however a keyboard composes its characters', async () => {
  await member(site, { username: 'composer', password: 'crème brûlée'.normalize('NFC') });
  const password = 'crème brûlée'.normalize('NFD');
  await visit(site).post('/login').type('form').send({ username: 'composer', password }).expect(303);
});

it('shows HTML in a name as text', async () => {
  const username = '"><img src=x onerror=alert(1)>';
  const answer = await visit(site).post('/register').type('form').send({ username, password: 'short' });
  expect(read(answer.text)('main img')).toHaveLength(0);
  expect(read(answer.text)('#username').val()).toBe(username);
});
