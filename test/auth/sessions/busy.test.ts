import { expect, it } from 'vitest';
import { member, read, useSite, visit } from '../../site.js';

// A password check that takes a while, so that more come at once than are let wait.
const site = useSite({ passwordCost: 10, trustProxy: 1, trustedNetworks: ['198.51.100.0/24'] });

it('tells surplus log-ins to come back, keeps the name, and goes on serving pages meanwhile', async () => {
  const { username, password } = await member(site);
  const log = () => visit(site).post('/login').type('form').send({ username, password });
  const logIns = Promise.all(Array.from({ length: 150 }, log));
  await visit(site).get('/').expect(200);
  const answers = await logIns;
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 303).length).toBe(answers.length - refused.length);
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  expect(read(refused[0]?.text ?? '')('h1').text()).toBe('Many people are logging in');
  expect(refused[0]?.headers['set-cookie']).toBeUndefined();
}, 180_000);

it('leaves room for others, however many log in from one place at once', async () => {
  const { username, password } = await member(site);
  const log = (from: string) =>
    visit(site).post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });
  const many = Array.from({ length: 100 }, () => log('203.0.113.1'));
  // By the time that the first are refused all have come.
  await Promise.any(
    many.map(async (answer) => {
      if ((await answer).status !== 503) throw new Error('not refused');
    }),
  );
  await log('203.0.113.2').expect(303);
  const statuses = (await Promise.all(many)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 303).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(50);
});

it('lets eighty people of a trusted network log in at once, and others meanwhile', async () => {
  const { username, password } = await member(site);
  const log = (from: string) =>
    visit(site).post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });
  const school = Promise.all(Array.from({ length: 80 }, () => log('198.51.100.1')));
  const others = Promise.all(Array.from({ length: 4 }, () => log('203.0.113.3')));
  const statuses = [...(await school), ...(await others)].map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([303]));
}, 180_000);
