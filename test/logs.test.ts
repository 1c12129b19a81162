import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLog } from '../src/log.js';
import { member, openSite, type Site, topic, visit, vote } from './site.js';

let site: Site;
let output = '';

beforeAll(async () => {
  const write = (line: string): void => {
    output += line;
  };
  site = await openSite({ passwordCost: 9 }, { log: createLog('trace', { write }) });
  await topic(site);
});
afterAll(() => site.close());

it('logs requests and answers, but no secrets', async () => {
  const password = 'a secret phrase indeed';
  const { browser, username } = await member(site, { password });
  await visit(site)
    .post('/login?next=/secret-query')
    .type('form')
    .send({ username, password: 'wrong secret guess' });
  const { ballot } = await vote(browser);
  await browser.get('/nowhere').expect(404);
  await browser.post('/login').type('form').send('username=a&username=b');
  const cookie = browser.jar.getCookie('thinga', {
    path: '/',
    domain: '127.0.0.1',
    secure: false,
    script: false,
  });
  const [row] = await site.db.selectFrom('sessions').selectAll().execute();
  await browser.post('/logout').expect(303);

  expect(output).toContain('"path":"/vote","status":303');
  for (const secret of [
    password,
    'wrong secret guess',
    'secret-query',
    cookie?.value,
    ballot,
    row?.accessTokenHash,
  ])
    expect(output).not.toContain(secret);
  expect(output).not.toContain('"stack"');
});

it('logs refused log-ins under load as warnings of one line', async () => {
  const logIn = () =>
    visit(site).post('/login').type('form').send({ username: 'nobody', password: 'a guess' });
  const answers = await Promise.all(Array.from({ length: 30 }, logIn));
  expect(answers.map(({ status }) => status)).toContain(503);
  const [line] = output.split('\n').filter((text) => text.includes('Many people are logging in'));
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 40, path: '/login' });
  expect(output).not.toContain('"stack"');
});

it('logs the message of an error, and nothing that a driver attached to it', () => {
  const lines: string[] = [];
  const error = Object.assign(new Error('refused'), {
    command: { args: ['the state of a session'] },
    code: 'EX',
  });
  createLog('info', { write: (line) => void lines.push(line) }).error({ err: error }, 'it failed');
  expect(JSON.parse(lines.join('')).err).toMatchObject({ type: 'Error', message: 'refused', code: 'EX' });
  expect(lines.join('')).not.toContain('the state of a session');
});
