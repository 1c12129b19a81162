import { expect, it } from 'vitest';
import { pairOn, read, topic, useSite, visit } from '../../site.js';

const site = useSite({ publicOrigin: 'https://thinga.example', trustProxy: 1 });

const cookiesOf = (answer: { headers: Record<string, unknown> }): string[] =>
  (answer.headers['set-cookie'] ?? []) as string[];

it('marks every cookie as secure and for this host only', async () => {
  const form = { username: 'secure', password: 'engines and flowers' };
  const registered = await visit(site).post('/register').type('form').send(form).expect(303);
  const session = cookiesOf(registered).filter((cookie) => cookie.startsWith('__Host-thinga='));
  expect(session).toHaveLength(1);
  expect(session[0]).toMatch(/^__Host-thinga=[^;]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const loggedIn = await visit(site)
    .post('/login')
    .type('form')
    .send({ ...form, remember: 'yes' })
    .expect(303);
  for (const cookie of [...cookiesOf(registered), ...cookiesOf(loggedIn)]) {
    expect(cookie).toMatch(/^__Host-/);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'])
      expect(cookie).toContain(attribute);
    expect(cookie).not.toContain('Domain');
  }
  const [cookie = ''] = session.map((header) => header.split(';')[0]);
  const out = await visit(site).post('/logout').set('Cookie', cookie).expect(303);
  const [cleared] = cookiesOf(out).filter((header) => header.startsWith('__Host-thinga='));
  expect(cleared).toMatch(
    /^__Host-thinga=; Path=\/; Expires=Thu, 01 Jan 1970 .*; HttpOnly; Secure; SameSite=Lax$/,
  );
});

it('tells browsers to use https only', async () => {
  const { headers } = await visit(site).get('/');
  expect(headers['strict-transport-security']).toBe('max-age=63072000');
});

const cookieOf = (answer: { headers: Record<string, unknown> }, name: string): string =>
  cookiesOf(answer)
    .find((cookie) => cookie.startsWith(`__Host-${name}=`))
    ?.split(';')[0] ?? '';

/** A cookie that another host of the domain can set: the same name without the prefix `__Host-`. */
const tossedCookie = (cookie: string): string => cookie.replace('__Host-', '');

const register = (username: string) =>
  visit(site).post('/register').type('form').send({ username, password: PASSWORD }).expect(303);

const PASSWORD = 'engines and flowers';

it('shows a message once, and clears its cookie under the same name', async () => {
  const page = await visit(site).get('/login').set('Cookie', '__Host-flash=logged-out').expect(200);
  expect(read(page.text)('.flash').text()).toBe('You are logged out.');
  expect(cookiesOf(page)).toEqual([
    '__Host-flash=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
  ]);
});

it('ignores a message that another host of the domain sets', async () => {
  for (const cookie of ['flash=logged-out', 'a=__Host-flash=logged-out', 'flash=welcome; __Host-flash=x']) {
    const page = await visit(site).get('/login').set('Cookie', cookie).expect(200);
    expect(read(page.text)('.flash')).toHaveLength(0);
    expect(cookiesOf(page).filter((cleared) => !cleared.startsWith('__Host-flash='))).toEqual([]);
  }
});

it('ignores a session cookie that another host of the domain sets', async () => {
  const session = cookieOf(await register('tossed-session'), 'thinga');
  await visit(site).get('/profile').set('Cookie', tossedCookie(session)).expect(303);
  await visit(site).get('/profile').set('Cookie', session).expect(200);
});

it('ignores a device cookie that another host of the domain sets', async () => {
  const device = cookieOf(await register('tossed-device'), 'device');
  const logIn = (password: string, cookie = '') =>
    visit(site)
      .post('/login')
      .set('Cookie', cookie)
      .type('form')
      .send({ username: 'tossed-device', password });
  for (let wrong = 0; wrong < 5; wrong++) await logIn('not the password').expect(422);
  await logIn(PASSWORD, tossedCookie(device)).expect(422);
  await logIn(PASSWORD, device).expect(303);
});

it('ignores a guest cookie that another host of the domain sets', async () => {
  await topic(site);
  const { ballot } = pairOn((await visit(site).get('/vote').expect(200)).text);
  const answer = await visit(site).post('/vote').type('form').send({ ballot, choice: 'left' }).expect(303);
  const guest = cookieOf(answer, 'guest');
  const progress = async (cookie: string) =>
    read((await visit(site).get('/vote').set('Cookie', cookie).expect(200)).text)('.progress').text();
  expect(await progress(tossedCookie(guest))).not.toContain('1 vote saved');
  expect(await progress(guest)).toContain('1 vote saved');
});

it('treats visitors with doubled or broken cookies as logged out', async () => {
  const session = cookieOf(await register('doubled'), 'thinga');
  const names = ['thinga', 'flash', 'device', 'guest'].flatMap((name) => [name, `__Host-${name}`]);
  const values = ['', '%', '%00', '"', 's:', 's%3A.', '.', 'x'.repeat(3000), '__proto__', 'constructor'];
  const broken = names.flatMap((name) => values.map((value) => `${name}=${value}; ${name}=x; ${name}`));
  for (const cookie of [...broken, '=', ';;=;', '__proto__=a; constructor=b', `__Host-thinga=x; ${session}`])
    for (const path of ['/vote', '/profile', '/login']) {
      // Each visit has an address of its own, because many broken session cookies from one network are
      // throttled.
      const { status } = await visit(site).get(path).set('Cookie', cookie);
      expect([cookie, path, status]).toEqual([cookie, path, path === '/profile' ? 303 : 200]);
    }
});
