import { STATUS_CODES } from 'node:http';
import { beforeAll, expect, it } from 'vitest';
import { member, topic, useSite, visit, vote } from '../site.js';

const FRIEND = 'https://friend.example';
const site = useSite({ allowedOrigins: [FRIEND] });
const PATHS = ['/api/topics', '/api/top', '/api/topics/foods/top', '/api/me'];

beforeAll(async () => {
  await topic(site);
});

it('sends the leaderboard as JSON', async () => {
  const { browser } = await member(site);
  await vote(browser);
  await site.rank();
  const { body } = await visit(site).get('/api/top').expect(200);
  expect(body).toMatchObject({ topic: 'foods', votes: 1 });
  expect(body.top).toHaveLength(4);
  expect(body.top[0]).toMatchObject({ rank: 1, isNew: true, score: null, wins: 1, losses: 0, votes: 1 });
  expect((await visit(site).get('/api/topics').expect(200)).body.topics).toEqual([
    expect.objectContaining({ slug: 'foods', things: 4, votes: 1 }),
  ]);
  await visit(site).get('/api/topics/none/top').expect(404);
});

it('sends the logged-in user, or 401', async () => {
  const { browser, username } = await member(site);
  const me = await browser.get('/api/me').expect(200);
  expect(me.body).toMatchObject({ username, role: 'member' });
  expect(me.headers['cache-control']).toBe('no-store');
  const visitor = await visit(site).get('/api/me').expect(401);
  expect(visitor.body).toMatchObject({
    status: 401,
    detail: expect.stringContaining('You are not logged in.'),
  });
  expect(visitor.headers['cache-control']).toBe('no-store');
});

it('sends errors as problem JSON to clients that want JSON', async () => {
  const refusals = [
    await visit(site).get('/api/topics/none/top').expect(404),
    await visit(site).get('/api/nothing/here').expect(404),
    await visit(site).get('/topics/none/data.json').expect(404),
    await visit(site).get('/nowhere').set('Accept', 'application/json, */*;q=0.5').expect(404),
    await visit(site).get('/api/topics/%E0%A4%A/top').expect(400),
    await visit(site).post('/api/top').expect(405),
    await visit(site).put('/topics/foods/data.json').expect(405),
    await visit(site).post('/api/me').set('Sec-Fetch-Site', 'cross-site').expect(403),
  ];
  for (const { status, headers, text, body } of refusals) {
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    const problem = Object.keys(body).length > 0 ? body : JSON.parse(text);
    expect(problem).toEqual({
      type: 'about:blank',
      title: STATUS_CODES[status],
      status,
      detail: expect.stringMatching(/\w+\. .+\.$/),
    });
  }
  expect(refusals.find(({ status }) => status === 405)?.headers.allow).toBe('GET, HEAD');
});

it('sends errors as a page to clients that also accept HTML', async () => {
  for (const accept of ['text/html,application/xhtml+xml,*/*;q=0.8', '*/*', 'text/html, application/json']) {
    const { headers } = await visit(site).get('/nowhere').set('Accept', accept).expect(404);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(headers.vary).toMatch(/\bAccept(,|$)/);
  }
});

it('allows the listed origins to read every path, and only /api/me with a cookie', async () => {
  for (const path of PATHS) {
    const { headers } = await visit(site).get(path).set('Origin', FRIEND);
    expect([path, headers['access-control-allow-origin']]).toEqual([path, FRIEND]);
    expect([path, headers['access-control-allow-credentials']]).toEqual([
      path,
      path === '/api/me' ? 'true' : undefined,
    ]);
    expect(headers.vary).toContain('Origin');
  }
});

it('sends no CORS header to other origins, or with a page', async () => {
  const origins = [
    'https://evil.test',
    `${FRIEND}.evil.test`,
    'http://friend.example',
    'null',
    `${FRIEND}:8443`,
  ];
  for (const path of [...PATHS, '/', '/top', '/login'])
    for (const origin of path.startsWith('/api') ? origins : [...origins, FRIEND]) {
      const { headers } = await visit(site).get(path).set('Origin', origin);
      const corsHeaders = Object.keys(headers).filter((name) => name.startsWith('access-control'));
      expect([path, origin, corsHeaders]).toEqual([path, origin, []]);
    }
});
