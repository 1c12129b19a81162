import { beforeAll, expect, it } from 'vitest';
import { type Browser, HTMX, member, read, thingNames, topic, useSite, visit, vote } from '../../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: thingNames(21) });
  await topic(site, { slug: 'other', names: ['One', 'Two'] });
});

/** Sends the request with which a page polls for a new table. */
const poll = (browser: Browser, headers: object = {}, path = '/top') =>
  browser.get(path).set({ ...HTMX, ...headers });

const headersOn = (html: string): Record<string, string> =>
  JSON.parse(read(html)('#board').attr('hx-headers') ?? '{}');

it('answers 304 while the board is unchanged, and with the table after a change', async () => {
  const page = await visit(site).get('/top').expect(200);
  const known = headersOn(page.text);
  const unchanged = await poll(visit(site), known).expect(304);
  expect(unchanged.text).toBe('');
  expect(unchanged.headers).toMatchObject({
    etag: known['If-None-Match'],
    'cache-control': 'private, no-cache',
  });
  expect(unchanged.headers.vary).toContain('HX-Request-Type');
  // Browsers add this header when a script sets If-None-Match.
  await poll(visit(site), { ...known, 'Cache-Control': 'no-cache' }).expect(304);

  const { browser } = await member(site);
  await vote(browser);
  await site.rank();
  const changed = await poll(visit(site), known).expect(200);
  expect(read(changed.text)('header')).toHaveLength(0);
  expect(read(changed.text)('.lead').text()).toContain('Based on 1 vote');
  expect(changed.headers.etag).not.toBe(known['If-None-Match']);
  expect(headersOn(changed.text)['If-None-Match']).toBe(changed.headers.etag);
});

it('does not confuse the tables of two topics, or a table with its page', async () => {
  const known = headersOn((await visit(site).get('/top')).text);
  await poll(visit(site), known, '/topics/other/top').expect(200);
  const page = await visit(site).get('/top').set(known).expect(200);
  expect(read(page.text)('h1').text()).toBe('Top 20: Foods');
});

it('sends a logged-in user the same table with no-store', async () => {
  const { browser } = await member(site);
  const known = headersOn((await visit(site).get('/top')).text);
  const { headers } = await poll(browser, known).expect(304);
  expect(headers['cache-control']).toBe('no-store');
});

it('does not extend the idle deadline of a session', async () => {
  const { browser, id } = await member(site);
  const seen = { lastSeenAt: new Date(Date.now() - 90_000), idleExpiresAt: new Date(Date.now() + 60_000) };
  const session = site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .select(['lastSeenAt', 'idleExpiresAt']);
  await site.db.updateTable('sessions').set(seen).where('userId', '=', id).execute();
  const headers = headersOn((await visit(site).get('/top')).text);
  await poll(browser, { ...headers, 'If-None-Match': '' }).expect(200);
  await poll(browser, headers).expect(304);
  expect(await session.executeTakeFirst()).toEqual(seen);
  await browser.get('/top').expect(200);
  expect((await session.executeTakeFirst())?.idleExpiresAt.getTime()).toBeGreaterThan(
    Date.now() + 100 * 60_000,
  );
});

it('expires an idle session', async () => {
  const { browser, id } = await member(site);
  await site.db
    .updateTable('sessions')
    .set({ idleExpiresAt: new Date(Date.now() - 1000) })
    .where('userId', '=', id)
    .execute();
  const headers = headersOn((await visit(site).get('/top')).text);
  await poll(browser, headers).expect(304);
  const { status } = await site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .select('status')
    .executeTakeFirstOrThrow();
  expect(status).toBe('expired');
  await browser.get('/profile').expect(303);
});
