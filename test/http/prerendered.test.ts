import { request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, expect, it, vi } from 'vitest';
import { PrerenderedPages } from '../../src/http/prerendered.js';
import { createLog } from '../../src/log.js';
import { member, openSite, rateInOrder, read, topic, useSite, vote } from '../site.js';

// Pages are prerendered only in production, where templates are cached.
const site = useSite({ production: true });
let thing: string;

beforeAll(async () => {
  await topic(site);
  await rateInOrder(site);
  thing = `/things/${site.boards.default().standings[0]?.id}`;
});

interface Answer {
  status: number | undefined;
  headers: Record<string, unknown>;
  bytes: Buffer;
}

/** Sends a request with exactly these headers; supertest and fetch add their own. */
function send(
  path: string,
  { method = 'GET', ...headers }: Record<string, string> = {},
  { origin } = site,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(origin + path, { method, headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const { date: _now, ...rest } = answer.headers;
      resolve({ status: answer.statusCode, headers: rest, bytes: Buffer.concat(chunks) });
    });
    sent.on('error', reject).end();
  });
}

const decode: Record<string, (bytes: Buffer) => Buffer> = { br: brotliDecompressSync, gzip: gunzipSync };
const textOf = ({ headers, bytes }: Answer): string =>
  (decode[String(headers['content-encoding'])]?.(bytes) ?? bytes).toString();

/** Outdates all prerendered pages, as the ranker does with a new version of a board. */
async function bumpBoardVersions(): Promise<void> {
  await site.db
    .updateTable('boards')
    .set(({ eb }) => ({ version: eb('version', '+', 1) }))
    .execute();
  await site.boards.refresh();
}

/** Called by the pages' own routes, but not for an early answer. */
const routeSend = vi.spyOn(PrerenderedPages.prototype, 'send');

/** Sends a request, and tells whether the page's own route answered. */
async function sendAndTrace(path: string, headers?: Record<string, string>) {
  routeSend.mockClear();
  const answer = await send(path, headers);
  return { ...answer, isRouted: routeSend.mock.calls.length > 0 };
}

const BROWSER = 'gzip, deflate, br, zstd';

it.each([
  {},
  { 'accept-encoding': 'gzip' },
  { 'accept-encoding': 'br' },
  { 'accept-encoding': BROWSER },
  { 'accept-encoding': 'identity' },
  { 'accept-encoding': 'zstd, compress;q=0.5' },
  { 'accept-encoding': 'br;q=0, *' },
  { method: 'HEAD' },
  { method: 'HEAD', 'accept-encoding': 'br' },
  { cookie: 'guest=of.this.site; theirs=another' },
])('answers a visitor early, and just as the page’s own route does: %o', async (headers) => {
  for (const path of ['/top', thing]) {
    await bumpBoardVersions();
    const first = await sendAndTrace(path, headers);
    const second = await sendAndTrace(path, headers);
    expect(second).toEqual({ ...first, isRouted: false });
    expect(first).toMatchObject({ isRouted: true, status: 200 });
    expect(first.headers).toMatchObject({
      'cache-control': 'private, no-cache',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      vary: 'HX-Request-Type, Accept-Encoding',
    });
    if (headers.method !== 'HEAD') expect(read(textOf(first))('h1')).toHaveLength(1);
  }
});

it('sends the same page in every encoding', async () => {
  const pages = await Promise.all(
    ['identity', 'gzip', 'br', 'deflate', 'br'].map((encoding) =>
      send('/top', { 'accept-encoding': encoding }),
    ),
  );
  expect(new Set(pages.map(textOf)).size).toBe(1);
});

it('answers 304 to a visitor who has the page already', async () => {
  for (const path of ['/top', thing]) {
    const { headers } = await send(path);
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(path, { method, 'if-none-match': String(headers.etag) });
      expect(answer).toMatchObject({ status: 304, bytes: Buffer.alloc(0) });
      expect(answer.headers.etag).toBe(headers.etag);
    }
    const other = await send(path, { 'if-none-match': 'W/"other"' });
    expect({ ...other.headers, status: other.status }).toEqual({ ...headers, status: 200 });
  }
});

it('shows logged-in users their own name, after visitors and other users', async () => {
  const people = [await member(site), await member(site)];
  for (const path of ['/top', thing]) {
    for (let looks = 0; looks < 2; looks++) await send(path);
    for (const { browser, username } of people) {
      const { text, headers } = await browser.get(path).expect(200);
      expect(read(text)('.who').text()).toBe(username);
      expect(headers['cache-control']).toBe('no-store');
      expect(headers.etag).toBeUndefined();
    }
    expect(read(textOf(await send(path)))('.who')).toHaveLength(0);
  }
});

it('answers HEAD for a logged-in user with the length of the page and no body', async () => {
  const { browser } = await member(site);
  // The first page also shows a welcome.
  await browser.get('/').expect(200);
  for (const path of ['/top', '/profile', '/nowhere']) {
    const page = await browser.get(path).set('Accept-Encoding', 'identity');
    const head = await browser.head(path).set('Accept-Encoding', 'identity').expect(page.status);
    expect(head.text ?? '').toBe('');
    expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(page.text));
  }
});

/** The page without the time that is left of the session. */
const withoutSeconds = (text: string): string => text.replace(/ data-seconds="\d+"/, '');

it.each(['/top', '/profile', '/how'])(
  'sends %s in an accepted encoding, with the same content in each',
  async (path) => {
    const { browser, username, password } = await member(site);
    // The page of a shorter session names the seconds that are left.
    await browser.post('/login').type('form').send({ username, password, remember: 'yes' }).expect(303);
    await browser.get('/').expect(200);
    const plain = await browser.get(path).set('Accept-Encoding', 'identity').expect(200);
    for (const [accepted, sent] of [
      ['gzip', 'gzip'],
      [BROWSER, 'gzip'],
      ['br', 'br'],
      ['gzip;q=0, deflate', undefined],
      ['zstd', undefined],
    ]) {
      const { text, headers } = await browser.get(path).set('Accept-Encoding', String(accepted)).expect(200);
      expect([accepted, headers['content-encoding']]).toEqual([accepted, sent]);
      expect(headers.vary).toBe(plain.headers.vary);
      expect(withoutSeconds(text)).toBe(withoutSeconds(plain.text));
    }
  },
);

it('does not answer early when a session or flash cookie is sent', async () => {
  for (let looks = 0; looks < 2; looks++) await send('/top');
  const stranger = await send('/top', { cookie: 'thinga=made-up' });
  expect(String(stranger.headers['set-cookie'])).toMatch(/^thinga=;/);
  const flashed = await send('/top', { cookie: 'flash=logged-out' });
  expect(read(textOf(flashed))('.flash').text()).toContain('You are logged out');
  expect(read(textOf(await send('/top')))('.flash')).toHaveLength(0);
});

it('leaves fragments, other methods and other spellings of the path to the page’s own route', async () => {
  for (let looks = 0; looks < 2; looks++) await send('/top');
  const fragment = await send('/top', { 'hx-request': 'true', 'hx-request-type': 'partial' });
  expect(read(textOf(fragment))('header')).toHaveLength(0);
  for (const method of ['POST', 'PUT', 'OPTIONS'])
    expect(await send('/top', { method, 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 405 });
  for (const path of ['/top?x=1', '/Top', '/top/'])
    expect(await sendAndTrace(path)).toMatchObject({ isRouted: true });
});

it('shows changes at once', async () => {
  const { browser } = await member(site);
  for (let looks = 0; looks < 2; looks++) await send('/top');
  const { left } = await vote(browser);
  await site.rank();
  const $ = read(textOf(await send('/top')));
  expect($('.lead').text()).toContain('Based on 1 vote');
  expect($('.board .name').first().text()).toBe(left);

  await topic(site, { slug: 'drinks', names: ['Tea', 'Coffee'] });
  const setDefault = (slug: string) =>
    site.db
      .updateTable('topics')
      .set({ isDefault: slug === 'drinks' })
      .where('slug', '=', slug)
      .execute();
  const before = site.boards.default().topic.slug;
  for (const slug of [before, 'drinks']) await setDefault(slug);
  await site.boards.refresh();
  expect(read(textOf(await send('/top')))('h1').text()).toBe('Winner: Drinks');
});

it('logs every early answer, and knows the cookies of a site on https', async () => {
  const lines: { path?: string; status?: number }[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
  const other = await openSite({ production: true, publicOrigin: 'https://thinga.test' }, { log });
  try {
    await topic(other);
    for (let looks = 0; looks < 2; looks++) await send('/top', {}, other);
    const { headers } = await send('/top', { cookie: '__Host-thinga=made-up' }, other);
    expect(String(headers['set-cookie'])).toMatch(/^__Host-thinga=;/);
    expect(lines.filter(({ path }) => path === '/top')).toEqual(
      Array(3).fill(expect.objectContaining({ method: 'GET', status: 200, cut: false })),
    );
  } finally {
    await other.close();
  }
});
