import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeClaim } from '../src/admin/settings/claim.js';
import { makeResetLink } from '../src/auth/recovery/reset-link.js';
import type { Database } from '../src/database.js';
import { createLog } from '../src/log.js';
import type { Redis } from '../src/redis.js';
import { Authenticator } from './auth/passkeys/authenticator.js';
import { type MailServer, openMailServer } from './mail-server.js';
import { itOnRedis, member, openSite, read, type Site, topic, visit, vote } from './site.js';

let site: Site;
let mail: MailServer;
let output = '';

const COOKIE_ACCESS = { path: '/', domain: '127.0.0.1', secure: false, script: false };

beforeAll(async () => {
  const write = (line: string): void => {
    output += line;
  };
  mail = await openMailServer();
  site = await openSite(
    { passwordCost: 9, ...{ smtpUrl: mail.url, mailFrom: 'site@thinga.example' } },
    { log: createLog('trace', { write }) },
  );
  await topic(site);
});
afterAll(async () => {
  await site.close();
  await mail.close();
});

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
  const cookie = browser.jar.getCookie('thinga', COOKIE_ACCESS);
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
  const everywhere = await readEverything();
  expect(everywhere).toContain(username);
  const secrets = [code, wrong.code, wrong.password, token, creation.challenge, request.challenge];
  for (const secret of [...secrets, code.replaceAll('-', ''), 'a secret phrase again'])
    expect(everywhere).not.toContain(secret);
});

it('has no token of a link in a log, a row or Redis, and no password that was typed with one', async () => {
  const { browser, id, username } = await member(site);
  const claim = (await makeClaim(site.db)) ?? '';
  await browser.get(`/claim/${claim}`).expect(200);
  await browser.post(`/claim/${claim}`).expect(303);

  await browser.post(`/admin/people/${id}/reset-link`).expect(303);
  const text = (await browser.get(`/admin/people/${id}`).expect(200)).text;
  const reset = /\/reset\/([\w-]+)/.exec(text)?.[1] ?? '';
  const seed = browser.jar.getCookie('links', COOKIE_ACCESS)?.value ?? '';
  await visit(site).get(`/reset/${reset}`).expect(200);
  const password = 'typed at the link for it';
  await browser.post(`/reset/${reset}`).type('form').send({ password }).expect(303);

  await browser.post('/admin/people/invitations').type('form').send({ notes: 'Ann' }).expect(303);
  const list = (await browser.get('/admin/people/invitations').expect(200)).text;
  const invitation = /invitation=([\w-]+)/.exec(list)?.[1] ?? '';
  await visit(site).get(`/register?invitation=${invitation}`).expect(200);
  const newcomer = { username: 'newcomer', password: 'a long enough phrase', invitation };
  await visit(site).post('/register').type('form').send(newcomer).expect(303);

  const address = 'owner@mail.example';
  await browser.post('/profile/email').type('form').send({ address }).expect(303);
  const confirm = (await mail.next(address)).path;
  await visit(site).get(confirm).expect(200);
  const unconfirmed = await readEverything();
  await visit(site).post(confirm).expect(303);
  await visit(site).post('/recover/mail').type('form').send({ username }).expect(303);
  const mailed = (await mail.next(address)).path;
  await visit(site).get(mailed).expect(200);

  const everywhere = unconfirmed + (await readEverything());
  const tokens = [confirm, mailed].map((path) => path.split('/').at(-1) ?? '');
  for (const secret of [claim, reset, seed, invitation, ...tokens, password]) {
    expect(secret.length).toBeGreaterThan(15);
    expect(everywhere).not.toContain(secret);
  }
});

itOnRedis('reads what is in Redis, also long and in all kinds of keys', async () => {
  const long = 'a secret that a dump would compress '.repeat(20);
  const { redis, prefix } = site;
  await redis?.set(`${prefix}test:text`, long);
  await redis?.hset(`${prefix}test:hash`, 'field', 'in a hash');
  await redis?.zadd(`${prefix}test:sorted`, 1, 'in a sorted set');
  await redis?.sadd(`${prefix}test:set`, 'in a set');
  await redis?.rpush(`${prefix}test:list`, 'in a list');
  const text = await everyKey(site);
  for (const secret of [long, 'in a hash', 'in a sorted set', 'in a set', 'in a list'])
    expect(text).toContain(secret);
});

/** All that was logged, and all that is in the tables and in Redis. */
const readEverything = async (): Promise<string> =>
  [output, await everyRow(site.db), await everyKey(site)].join('\n');

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
  const values = await Promise.all(keys.map((key) => redis && readKey(redis, key)));
  return keys.concat(values.map((value) => JSON.stringify(value ?? ''))).join('\n');
}

// Not by DUMP, which compresses long texts.
async function readKey(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'string') return redis.get(key);
  if (type === 'hash') return redis.hgetall(key);
  if (type === 'list') return redis.lrange(key, 0, -1);
  if (type === 'set') return redis.smembers(key);
  if (type === 'zset') return redis.zrange(key, '0', '-1');
  // It was deleted meanwhile.
  if (type === 'none') return '';
  throw new Error(`${key} is a ${type}, which this test does not read`);
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
