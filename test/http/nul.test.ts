import { beforeAll, expect, it } from 'vitest';
import { member, topic, useSite } from '../site.js';

// Postgres has no NUL character in a text, so a statement with one fails.
const site = useSite({ trustProxy: 1 });
let person: Awaited<ReturnType<typeof member>>;

beforeAll(async () => {
  await topic(site);
  person = await member(site);
});

it.each(['/topics/a%00b/manage', '/topics/a%00b/vote', '/join/a%00b', '/shared/a%00b', '/%00'])(
  'finds nothing at %s',
  async (path) => {
    expect((await person.browser.get(path)).status).toBe(404);
  },
);

it.each(['/profile/links?at=%00', '/ranking?q=%00', '/ranking?tag=%00', '/topics?q=%00', '/vote?with=%00'])(
  'answers %s without a fault',
  async (path) => {
    expect((await person.browser.get(path)).status).toBeLessThan(500);
  },
);

const form = { question: 'Which?', access: 'link', action: 'create' };

it.each([
  ['/topics/new', { ...form, title: 'a\0b', things: 'Tea\nPie' }],
  ['/topics/new', { ...form, title: 'Lunch', things: 'Te\0a\nPie' }],
  ['/join', { code: 'BCDF\0' }],
  ['/profile/name', { username: 'a\0b' }],
  ['/login', { username: 'a\0b', password: 'a long enough phrase' }],
  ['/profile/email', { address: 'a\0b@c.example' }],
])('refuses a form with NUL at %s', async (path, fields) => {
  const answer = await person.browser.post(path).type('form').send(fields);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});
