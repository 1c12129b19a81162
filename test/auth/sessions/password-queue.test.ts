import { expect, it } from 'vitest';
import { member, read, useSite, visit } from '../../site.js';

// Each password check takes a while, so that the queue for them fills up.
const site = useSite({ passwordCost: 10, trustProxy: 1, trustedNetworks: ['198.51.100.0/24'] });

it('answers surplus log-ins with 503, and still serves pages', async () => {
  const { username, password } = await member(site);
  const logIn = () => visit(site).post('/login').type('form').send({ username, password });
  const logIns = Promise.all(Array.from({ length: 150 }, logIn));
  await visit(site).get('/').expect(200);
  const answers = await logIns;
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.filter(({ status }) => status === 303).length).toBe(answers.length - refused.length);
  expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
  expect(read(refused[0]?.text ?? '')('h1').text()).toBe('Many people are logging in');
  expect(refused[0]?.headers['set-cookie']).toBeUndefined();
}, 180_000);

it('lets others log in while one network sends many log-ins at once', async () => {
  const { username, password } = await member(site);
  const logIn = (from: string) =>
    visit(site).post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });
  const many = Array.from({ length: 100 }, () => logIn('203.0.113.1'));
  // Once the first is refused, all have arrived.
  await Promise.any(
    many.map(async (answer) => {
      if ((await answer).status !== 503) throw new Error('not refused');
    }),
  );
  await logIn('203.0.113.2').expect(303);
  const statuses = (await Promise.all(many)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 303).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(50);
});

it('lets eighty users of a trusted network log in at once, and others meanwhile', async () => {
  const { username, password } = await member(site);
  const logIn = (from: string) =>
    visit(site).post('/login').set('X-Forwarded-For', from).type('form').send({ username, password });
  const school = Promise.all(Array.from({ length: 80 }, () => logIn('198.51.100.1')));
  const others = Promise.all(Array.from({ length: 4 }, () => logIn('203.0.113.3')));
  const statuses = [...(await school), ...(await others)].map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([303]));
}, 180_000);
