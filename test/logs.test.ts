import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeResetLink } from '../src/auth/recovery/reset-link.js';
import type { Database } from '../src/database.js';
import { createLog } from '../src/log.js';
import { Authenticator } from './auth/passkeys/authenticator.js';
import { member, openSite, read, type Site, topic, visit, vote } from './site.js';

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

it('has no secret of an account in a log, a row or Redis', async () => {
  const { browser, id, username } = await member(site, { password: 'a secret phrase again' });
  const code = read((await browser.get('/profile/recovery-code')).text)('#code').text();
  const reset = await makeResetLink(site, id);
  const token = reset.split('/').at(-1) ?? '';
  await browser.get(`/reset/${token}`).expect(200);
  await browser.post(`/reset/${token}`).type('form').send({ password: 'short' }).expect(422);
  await browser.get(`/reset/${token}x`).expect(404);
  const authenticator = new Authenticator(site.config.publicOrigin);
  const { body: creation } = await browser.post('/profile/passkeys/options').expect(200);
  await browser
    .post('/profile/passkeys')
    .type('form')
    .send({ passkey: authenticator.create(creation) })
    .expect(303);
  const { body: request } = await browser.post('/login/passkey/options').expect(200);
  const wrong = { username, code: `${code.slice(0, -4)}0000`, password: 'one more secret phrase' };
  await visit(site).post('/recover').type('form').send(wrong).expect(422);
  const everywhere = [output, await everyRow(site.db), await everyKey(site)].join('\n');
  expect(everywhere).toContain(username);
  const secrets = [code, wrong.code, wrong.password, token, creation.challenge, request.challenge];
  for (const secret of [...secrets, code.replaceAll('-', ''), 'a secret phrase again'])
    expect(everywhere).not.toContain(secret);
});

/** The text of every row in every table. */
async function everyRow(db: Database): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'`.execute(db);
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(name)} as t`.execute(
      db,
    );
    texts.push(...rows.map(({ row }) => row));
  }
  return texts.join('\n');
}

/** The name and the value of every key in Redis. */
async function everyKey({ redis, prefix }: Site): Promise<string> {
  const keys = (await redis?.keys(`${prefix}*`)) ?? [];
  const values = await Promise.all(keys.map((key) => redis?.dump(key)));
  return keys.concat(values.map(String)).join('\n');
}

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
