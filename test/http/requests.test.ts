import { beforeAll, expect, it } from 'vitest';
import { member, read, topic, useSite, visit, vote } from '../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site);
});

const UNSAFE = [
  '/register',
  '/login',
  '/logout',
  '/profile/sessions/current',
  '/vote',
  '/topics/foods/vote',
  '/vote/undo',
  '/profile/votes/00000000-0000-4000-8000-000000000000/withdraw',
];

it.each(UNSAFE)('refuses POST %s from another site', async (path) => {
  const { browser } = await member(site);
  await vote(browser);
  const rows = async () => [
    await site.db.selectFrom('users').select('id').execute(),
    await site.db.selectFrom('sessions').select(['id', 'status']).execute(),
    await site.db.selectFrom('votes').select(['id', 'withdrawnAt']).execute(),
  ];
  const before = await rows();
  const form = { username: 'mallory', password: 'engines and flowers', ballot: 'x', choice: 'left' };
  const headers = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site', Origin: site.config.publicOrigin },
    { 'Sec-Fetch-Site': '', Origin: 'https://evil.test' },
    { 'Sec-Fetch-Site': '', Origin: 'null' },
    { 'Sec-Fetch-Site': '', Origin: `${site.config.publicOrigin}.evil.test` },
    { 'Sec-Fetch-Site': '', Origin: site.config.publicOrigin.replace('http:', 'https:') },
    { 'Sec-Fetch-Site': '' },
  ];
  for (const header of headers) {
    const answer = await browser.post(path).set(header).type('form').send(form);
    expect([header, answer.status]).toEqual([header, 403]);
  }
  expect(await rows()).toEqual(before);
});

it('accepts a form with the public Origin from a browser that sends no Sec-Fetch-Site', async () => {
  const answer = await visit(site)
    .post('/register')
    .set({ 'Sec-Fetch-Site': '', Origin: site.config.publicOrigin })
    .type('form')
    .send({ username: 'plain-http', password: 'engines and flowers' });
  expect(answer.status).toBe(303);
});

it('sends the security headers on pages and errors', async () => {
  for (const path of ['/', '/login', '/nowhere', '/topics/none/top', '/styles/base.css']) {
    const { headers } = await visit(site).get(path);
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'none'");
    for (const rule of [
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy).toContain(rule);
    expect(policy).not.toMatch(/unsafe|data:|\*/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['referrer-policy']).toBe('same-origin');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['permissions-policy']).toContain('camera=()');
    expect(headers['x-powered-by']).toBeUndefined();
    expect(headers['strict-transport-security']).toBeUndefined();
  }
});

it('sends with styles, scripts, fonts and pictures only the headers that matter there', async () => {
  const page = read((await visit(site).get('/').expect(200)).text);
  const sheet = page('link[rel=stylesheet]').attr('href') ?? '';
  const picture = '/pictures/pizza.svg';
  const files = [
    ...[sheet, page('script[type=module]').attr('src') ?? '', page('link[as=font]').attr('href') ?? ''],
    ...[picture, page('link[rel=icon]').attr('href') ?? ''],
  ];
  for (const path of files) {
    const { headers } = await visit(site).get(path).expect(200);
    if (path.includes('.svg')) expect(headers['content-type']).toBe('image/svg+xml; charset=utf-8');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
    for (const name of ['permissions-policy', 'cross-origin-opener-policy', 'x-frame-options'])
      expect([path, headers[name]]).toEqual([path, undefined]);
    // An SVG is a page when it is opened by itself.
    const policy = headers['content-security-policy'];
    expect([path, policy?.includes("default-src 'none'") ?? false]).toEqual([path, path.includes('.svg')]);
  }
  // A script of a service worker decides where that worker may send requests. A file that is missing is a page.
  for (const path of ['/service-worker.js', '/pictures/nothing.svg', '/app/nothing.js']) {
    const { headers } = await visit(site).get(path);
    expect([path, headers['permissions-policy']]).toEqual([path, expect.stringContaining('camera=()')]);
  }
  const broken = await visit(site).get(picture).set('Range', 'bytes=99999999-').expect(416);
  expect(broken.headers['content-security-policy']).toContain("script-src 'self'");
});

it.each([
  ['/', 'text/html'],
  ['/nowhere', 'text/html'],
  ['/healthz', 'text/plain'],
  ['/styles/base.css', 'text/css'],
  ['/app/say.js', 'text/javascript'],
  ['/pictures/pizza.svg', 'image/svg+xml'],
  ['/favicon.svg', 'image/svg+xml'],
  ['/manifest.webmanifest', 'application/manifest+json'],
  ['/api/topics', 'application/json'],
])('names the type and the encoding of %s', async (path, type) => {
  const { headers } = await visit(site).get(path);
  expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
});

it('makes one style sheet of the files that every page needs', async () => {
  const page = read((await visit(site).get('/vote').expect(200)).text);
  const sheets = page('link[rel=stylesheet]')
    .map((_index, link) => page(link).attr('href'))
    .get();
  expect(sheets).toHaveLength(1);
  const [sheet = ''] = sheets;
  const css = (await visit(site).get(sheet).expect(200)).text;
  for (const part of ['--paper:', '.skip-link', '.tabs', '.duel']) expect(css).toContain(part);
  expect(css).not.toContain('/*');
  const old = await visit(site)
    .get(sheet.replace(/[0-9a-f]{12}/, '000000000000'))
    .expect(200);
  expect([old.text, old.headers['cache-control']]).toEqual([css, 'public, no-cache']);
});

it('sends scripts without their comments', async () => {
  const $ = read((await visit(site).get('/vote')).text);
  const scripts = $('script[type=module]').map((_index, script) => $(script).attr('src'));
  expect(scripts.length).toBeGreaterThan(5);
  for (const address of scripts.get()) {
    const { text } = await visit(site).get(address).expect(200);
    expect(text).not.toMatch(/^ *\/\//m);
    expect(text.trim()).not.toBe('');
  }
});

it('has no inline script or style', async () => {
  const { browser } = await member(site);
  for (const path of ['/', '/vote', '/top', '/topics', '/profile']) {
    const $ = read((await browser.get(path).expect(200)).text);
    expect($('script:not([src]), style, [style], [onclick], [hx-on]')).toHaveLength(0);
  }
});

it('lets no cache keep the pages of a logged-in user', async () => {
  const { browser } = await member(site);
  for (const path of ['/', '/vote', '/top', '/profile', '/nowhere']) {
    const { headers } = await browser.get(path);
    expect([path, headers['cache-control']]).toEqual([path, 'no-store']);
    expect(headers.vary).toContain('HX-Request-Type');
  }
});

it('answers a malformed form with a 4xx status', async () => {
  const browser = visit(site);
  const json = await browser.post('/login').send({ username: 'a', password: 'b' });
  expect(json.status).toBe(400);
  await browser.post('/login').type('form').send('username=a&username=b&password=c').expect(400);
  await browser.post('/login').expect(422);
  await browser
    .post('/login')
    .type('form')
    .send(`username=${'x'.repeat(40_000)}`)
    .expect(413);
  await browser.post('/login').type('form').send('username=%').expect(422);
  await browser.post('/register').type('form').send('__proto__=a&constructor=b').expect(422);
  expect(read(json.text)('h1').text()).toBe('We couldn’t read that form');
});

it.each([
  '/ranking?q=&page=',
  '/vote?voted=&answered=&undone=&gone=',
  '/profile/votes?before=&changed=&kept=',
  '/profile/links?new=',
  '/profile/export?format=',
])('answers any values in %s with a page', async (address) => {
  const { browser } = await member(site);
  await vote(browser);
  const [path, query = ''] = address.split('?');
  for (const name of new URLSearchParams(query).keys())
    for (const value of [
      '%00',
      'a%00b%07',
      '%',
      '%ED%A0%80',
      `a&${name}=b`,
      '9'.repeat(400),
      'x'.repeat(9000),
    ])
      for (const client of [browser, visit(site)]) {
        const { status } = await client.get(`${path}?${name}=${value}`);
        expect([200, 303, 404]).toContain(status);
      }
});

it('refuses a JSON body without a length', async () => {
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"ballot":""}'));
      controller.close();
    },
  });
  const answer = await fetch(`${site.origin}/login`, {
    method: 'POST',
    body: chunked,
    duplex: 'half',
    headers: { 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin' },
  } as RequestInit);
  expect(answer.status).toBe(400);
});

it('allows caching for ever only for an address with the right hash', async () => {
  const page = read((await visit(site).get('/')).text);
  const css = page('link[rel=stylesheet]').attr('href') ?? '';
  expect((await visit(site).get(css)).headers['cache-control']).toContain('immutable');
  const icon = await visit(site).get('/favicon.svg?v=000000000000').expect(200);
  expect(icon.headers['cache-control']).toBe('public, no-cache');
  // The files of a folder share one hash, so that they can name each other.
  const folder = css.slice(0, css.lastIndexOf('/'));
  expect((await visit(site).get(`${folder}/nunito.woff2`)).headers['cache-control']).toContain('immutable');
  for (const other of ['/styles/base.css', '/styles/000000000000/base.css'])
    expect((await visit(site).get(other).expect(200)).headers['cache-control']).toBe('public, no-cache');
  await visit(site).get(`${folder}/nothing.css`).expect(404);
  expect((await visit(site).get('/')).headers['cache-control']).toBe('private, no-cache');
});

it('compresses even a small script as well as the browser understands', async () => {
  const script = read((await visit(site).get('/')).text)('script[type=module]').attr('src') ?? '';
  const request = visit(site).get(script).set('Accept-Encoding', 'gzip, deflate, br, zstd');
  expect((await request.expect(200)).headers['content-encoding']).toBe('br');
});

it('says which methods a path allows', async () => {
  const browser = visit(site);
  const answer = await browser.put('/login').expect(405);
  expect(answer.headers.allow).toBe('GET, HEAD, POST');
  expect((await browser.delete('/top').expect(405)).headers.allow).toBe('GET, HEAD');
  await browser.post('/').expect(405);
});

it('has a page for paths that do not exist', async () => {
  const browser = visit(site);
  for (const path of [
    ...['/nowhere', '/topics/none/top', '/things/999999', '/things/abc', '/%E0%A4%A'],
    // Folders of files are not listed.
    ...['/pictures/', '/styles/', '/app'],
  ])
    expect([400, 404]).toContain((await browser.get(path)).status);
  const { text } = await browser.get('/nowhere').expect(404);
  expect(read(text)('h1').text()).toBe('Page not found');
});

it('shows an error in the notice when htmx asks for a fragment', async () => {
  const { browser } = await member(site);
  const answer = await browser
    .get('/topics/none/vote')
    .set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial' });
  expect(answer.status).toBe(404);
  expect(answer.headers['hx-retarget']).toBe('#notice');
  expect(read(answer.text)('html main')).toHaveLength(0);
});

it('changes nothing when a user follows all links', async () => {
  const { browser } = await member(site);
  await vote(browser);
  const snapshot = async () =>
    JSON.stringify([
      await site.db.selectFrom('sessions').selectAll().orderBy('id').execute(),
      await site.db.selectFrom('sessionEvents').selectAll().orderBy('id').execute(),
      await site.db.selectFrom('votes').selectAll().orderBy('id').execute(),
      await site.db.selectFrom('users').selectAll().orderBy('id').execute(),
      await site.db.selectFrom('rankerPosition').selectAll().execute(),
    ]);
  const before = await snapshot();
  const visited = new Set<string>();
  const queue = ['/'];
  for (let path = queue.pop(); path; path = queue.pop()) {
    if (visited.has(path)) continue;
    visited.add(path);
    const { text, type } = await browser.get(path);
    if (type !== 'text/html') continue;
    const links = read(text)('a[href^="/"]')
      .map((_index, link) => link.attribs.href)
      .get();
    queue.push(...links.map((link) => link.split('#')[0] ?? '/'));
  }
  expect(visited.size).toBeGreaterThan(8);
  expect(await snapshot()).toBe(before);
});

it('reports that it runs and that its stores answer', async () => {
  expect((await visit(site).get('/healthz').expect(200)).text).toBe('ok\n');
  expect((await visit(site).get('/readyz').expect(200)).text).toContain('database ok');
});

it('keeps idle connections longer than proxies do', async () => {
  const { headers } = await fetch(`${site.origin}/healthz`);
  expect(headers.get('keep-alive')).toBe('timeout=75');
});
