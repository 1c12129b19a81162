import { expect, it } from 'vitest';
import { member, read, useSite, visit } from '../../site.js';

const site = useSite({ trustProxy: 1 });

it('registers, signs in and greets', async () => {
  const browser = visit(site);
  const registered = await browser
    .post('/register')
    .type('form')
    .send({ username: 'Ada', password: 'engines and flowers' });
  expect(registered.status).toBe(303);
  expect(registered.headers.location).toBe('/vote');
  const profile = await browser.get('/profile').expect(200);
  expect(read(profile.text)('h1').text()).toBe('Ada');
  expect(read(profile.text)('.flash').text()).toContain('Welcome');
});

it('goes on to where the visitor was', async () => {
  const form = { username: 'wanderer', password: 'engines and flowers', next: '/topics/foods/vote' };
  const { headers } = await visit(site).post('/register').type('form').send(form);
  expect(headers.location).toBe('/topics/foods/vote');
});

it.each([
  ['no name', { username: '', password: 'engines and flowers' }, 'username', 'Choose a name'],
  ['a name of one letter', { username: 'a', password: 'engines and flowers' }, 'username', '2 to 30'],
  ['spaces in a name', { username: 'a b', password: 'engines and flowers' }, 'username', 'letters, digits'],
  [
    'a name that hides something',
    { username: 'ad\u200ba', password: 'engines and flowers' },
    'username',
    'letters',
  ],
  [
    'a name of what can’t be seen',
    { username: '\u3164\u3164', password: 'engines and flowers' },
    'username',
    'letters',
  ],
  ['a name of dots', { username: '..', password: 'engines and flowers' }, 'username', 'letters'],
  ['a short password', { username: 'shorty', password: 'seven c' }, 'password', 'at least 8'],
  ['an endless password', { username: 'longy', password: 'x1'.repeat(65) }, 'password', 'at most 128'],
  [
    'a password that is the name',
    { username: 'hunter2024', password: 'Hunter2024' },
    'password',
    'your name',
  ],
  ['one of the most common passwords', { username: 'common', password: 'Password1' }, 'password', 'first'],
  ['the name of this place', { username: 'namer', password: 'thinga123' }, 'password', 'first'],
  ['one character again and again', { username: 'again', password: 'aaaaaaaaaa' }, 'password', 'first'],
])('refuses %s beside the field and keeps what was typed', async (_case, form, field, message) => {
  const answer = await visit(site).post('/register').type('form').send(form);
  expect(answer.status).toBe(422);
  const $ = read(answer.text);
  expect($(`#${field}-error`).text()).toContain(message);
  expect($(`#${field}`).attr('aria-describedby')).toContain(`${field}-error`);
  expect($('#username').val() ?? '').toBe(form.username);
  expect($('#password').val()).toBeUndefined();
});

it('says that a name is taken, whatever its case', async () => {
  await member(site, { username: 'Grace' });
  const answer = await visit(site)
    .post('/register')
    .type('form')
    .send({ username: 'gRACE', password: 'engines and flowers' });
  expect(answer.status).toBe(422);
  expect(read(answer.text)('#username-error').text()).toContain('is taken');
});

it('gives a name to one of those who ask for it at once', async () => {
  const form = { username: 'contested', password: 'engines and flowers' };
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => visit(site).post('/register').type('form').send(form)),
  );
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 422)).toHaveLength(5);
});

it('takes a password whole: bytes past the 72nd count, and NUL does not end it', async () => {
  const long = 'p'.repeat(79);
  await member(site, { username: 'longpass', password: `${long}1` });
  await member(site, { username: 'nulpass', password: 'abcdefgh' });
  const log = (username: string, password: string) =>
    visit(site).post('/login').type('form').send({ username, password });
  expect((await log('longpass', `${long}2`)).status).toBe(422);
  expect((await log('longpass', `${long}1`)).status).toBe(303);
  expect((await log('nulpass', 'abcdefgh\0')).status).toBe(422);
});

it('takes one password however a keyboard composes it', async () => {
  await member(site, { username: 'composer', password: 'crème brûlée'.normalize('NFC') });
  const password = 'crème brûlée'.normalize('NFD');
  await visit(site).post('/login').type('form').send({ username: 'composer', password }).expect(303);
});

it('shows whatever people type as text', async () => {
  const username = '"><img src=x onerror=alert(1)>';
  const answer = await visit(site).post('/register').type('form').send({ username, password: 'short' });
  expect(read(answer.text)('main img')).toHaveLength(0);
  expect(read(answer.text)('#username').val()).toBe(username);
});
