import { sql } from 'kysely';
import { beforeEach, expect, it } from 'vitest';
import { removeUnusedPictures } from '../../src/catalog/pictures/remove-unused.js';
import { picture } from '../organize/picture-corpus.js';
import { type Browser, member, openSite, read, topic, useSite, visit } from '../site.js';
import { actsOf, admin, forgetPassword, logIn, open, send, textsOf } from './admins.js';

const site = useSite({ contact: 'operator@thinga.example' });

const USUAL = {
  ...{
    name: 'Thinga',
    light: '#4f39d8',
    dark: '#b4a5ff',
    contact: '',
    registration: 'anyone',
    topics: 'members',
  },
};

beforeEach(async () => {
  await sql`
    update site_settings set name = null, light_color = null, dark_color = null, logo = null, contact = null,
      registration = null, topic_creation = null, version = version + 1`.execute(site.db);
  await site.settings.refresh();
});

let registered = 0;

/** Registers through the form. */
const register = (browser: Browser, fields: Record<string, string> = {}) =>
  browser
    .post('/register')
    .type('form')
    .send({ username: `joiner${++registered}`, password: 'a long enough phrase', ...fields });

it('names the site on every page, prerendered ones included', async () => {
  await topic(site);
  const boss = await admin(site);
  const guest = visit(site);
  for (let visits = 0; visits < 2; visits++)
    expect((await guest.get('/top')).text).toContain('<title>Winner');
  await send(boss, '/settings', {
    ...USUAL,
    name: ' The Owls ',
    contact: 'https://owls.example/help',
  }).expect(303);
  for (const path of ['/', '/top', '/vote', '/nowhere']) {
    const $ = read((await guest.get(path)).text);
    expect([path, $('.logo').text().trim()]).toEqual([path, 'The Owls']);
    expect($('title').text()).toContain('The Owls');
  }
  const manifest = await visit(site).get('/manifest.webmanifest').buffer().expect(200);
  expect(JSON.parse(manifest.text || String(manifest.body)).name).toBe('The Owls');
  expect((await guest.get('/privacy')).text).toContain('https://owls.example/help');
  expect((await actsOf(site, boss))[0]).toEqual({ kind: 'admin-settings', reason: 'name, contact' });
});

it('takes the contact of the environment until an admin writes another', async () => {
  expect((await visit(site).get('/privacy')).text).toContain('operator@thinga.example');
});

it('shows a colour that people can read, and refuses others beside the field', async () => {
  const boss = await admin(site);
  const page = await send(boss, '/settings', {
    ...USUAL,
    name: 'Kept',
    light: '#ffd700',
    dark: '#b4a5ff',
  }).expect(422);
  const $ = read(page.text);
  expect($('#light-error').text()).toMatch(
    /^On light pages its contrast is 1\.\d, and text needs 4\.5\. .* is #[0-9a-f]{6}\.$/,
  );
  expect($('#dark-error')).toHaveLength(0);
  expect([$('#name').val(), $('#light').val()]).toEqual(['Kept', '#ffd700']);
  const readable = /is (#[0-9a-f]{6})\./.exec($('#light-error').text())?.[1] ?? '';
  await send(boss, '/settings', { ...USUAL, light: readable, dark: '#7fd8a2' }).expect(303);
  const path = read((await visit(site).get('/how')).text)('link[href^="/colors/"]').attr('href') ?? '';
  const css = await visit(site).get(path).expect(200);
  expect(css.headers['content-type']).toContain('text/css');
  expect(css.text).toContain(`--accent: light-dark(${readable}, #7fd8a2)`);
  await visit(site).get('/colors/zzzzzz-000000.css').expect(404);
});

it.each([
  ['name', 'x'.repeat(41)],
  ['contact', 'not an address'],
  ['dark', 'red'],
  ['registration', 'everyone'],
  ['topics', 'nobody'],
])('refuses a wrong %s, and changes nothing', async (field, value) => {
  const boss = await admin(site);
  const page = await send(boss, '/settings', { ...USUAL, name: 'Unsaved', [field]: value }).expect(422);
  expect(read(page.text)('form.stack .error').length).toBe(1);
  expect(site.settings.current.name).toBe('Thinga');
});

it('shows an uploaded logo, keeps it, and removes it', async () => {
  const boss = await admin(site);
  const bytes = await picture('png', { width: 400, height: 400 });
  await boss.browser.post('/admin/settings/logo').attach('logo', bytes, 'owl.png').expect(303);
  await removeUnusedPictures(site.db);
  const src = read((await visit(site).get('/how')).text)('.logo img').attr('src') ?? '';
  expect((await visit(site).get(src).expect(200)).headers['content-type']).toBe('image/webp');
  const wrong = await boss.browser
    .post('/admin/settings/logo')
    .attach('logo', Buffer.from('no'), 'x.png')
    .expect(422);
  expect(read(wrong.text)('#logo-error').text()).not.toBe('');
  await send(boss, '/settings/logo/remove').expect(303);
  expect(read((await visit(site).get('/how')).text)('.logo img').attr('src')).toContain('favicon.svg');
  await removeUnusedPictures(site.db);
  await visit(await openOther())
    .get(src)
    .expect(404);
});

// The first process keeps files of pictures in memory.
const openOther = () => openSite({}, { storesOf: site });

it('lets another process see the settings', async () => {
  const [boss, other] = [await admin(site), await openOther()];
  await send(boss, '/settings', { ...USUAL, name: 'Everywhere' }).expect(303);
  await other.settings.refresh();
  expect(
    read((await visit(other).get('/how')).text)('.logo')
      .text()
      .trim(),
  ).toBe('Everywhere');
});

it('lets only admins make topics when they say so', async () => {
  const [boss, person] = [await admin(site), await member(site)];
  await person.browser.get('/topics/new').expect(200);
  await send(boss, '/settings', { ...USUAL, topics: 'admins' }).expect(303);
  await person.browser.get('/topics/new').expect(403);
  expect((await person.browser.get('/topics')).text).not.toContain('/topics/new');
  await boss.browser.get('/topics/new').expect(200);
});

it('takes no new people when nobody may register', async () => {
  const boss = await admin(site);
  await send(boss, '/settings', { ...USUAL, registration: 'nobody', contact: 'boss@owls.example' }).expect(
    303,
  );
  const page = await visit(site).get('/register').expect(403);
  expect(read(page.text)('main').text()).toContain('takes no new people now');
  expect(page.text).toContain('mailto:boss@owls.example');
  await register(visit(site), { username: 'latecomer' }).expect(403);
  expect(
    await site.db.selectFrom('users').where('username', '=', 'latecomer').select('id').execute(),
  ).toEqual([]);
});

it('lets in who has an invitation, once for each link', async () => {
  const boss = await admin(site);
  await send(boss, '/settings', { ...USUAL, registration: 'invitation' }).expect(303);
  await register(visit(site)).expect(403);
  expect((await send(boss, '/people/invitations', { notes: ' \n' }).expect(422)).text).toContain(
    'Write for whom it is.',
  );
  await send(boss, '/people/invitations', { notes: 'Ann\nBob' }).expect(303);
  const links = [
    ...(await open(boss, '/people/invitations'))('#links')
      .text()
      .matchAll(/\/register\?invitation=(\S+)/g),
  ];
  const [ann = '', bob = ''] = links.map(([, token]) => token ?? '');
  const page = await visit(site).get(`/register?invitation=${ann}`).expect(200);
  expect(page.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'strict-origin' });
  const form = read(page.text);
  expect(form('[name=invitation]').val()).toBe(ann);
  const newcomer = visit(site);
  await register(newcomer, { username: 'invited-ann', invitation: ann }).expect(303);
  await newcomer.get('/profile').expect(200);
  await register(visit(site), { invitation: ann }).expect(403);
  await register(visit(site), { invitation: 'made-up' }).expect(403);
  const stored = JSON.stringify(await site.db.selectFrom('siteInvitations').selectAll().execute());
  for (const token of [ann, bob]) expect(stored).not.toContain(token);
  const list = await open(boss, '/people/invitations');
  expect(textsOf(list, '.entries .note')).toContain('used by invited-ann');
  await boss.browser.post(String(list('.entries form').first().attr('action'))).expect(303);
  await register(visit(site), { invitation: bob }).expect(403);
});

it('lets anyone in with a link that is used up, where anyone may register', async () => {
  await register(visit(site), { invitation: 'used-up' }).expect(303);
});

it('lets only one of two people use an invitation at the same moment', async () => {
  const boss = await admin(site);
  await send(boss, '/settings', { ...USUAL, registration: 'invitation' }).expect(303);
  await send(boss, '/people/invitations', { notes: 'One' }).expect(303);
  const text = (await open(boss, '/people/invitations'))('#links').text();
  const invitation = /invitation=(\S+)/.exec(text)?.[1] ?? '';
  const answers = await Promise.all([
    register(visit(site), { invitation }),
    register(visit(site), { invitation }),
  ]);
  expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
});

it('lets people in after an admin has approved them, and deletes the account of who is refused', async () => {
  const boss = await admin(site);
  await send(boss, '/settings', { ...USUAL, registration: 'approval' }).expect(303);
  const credentials = { username: 'hopeful', password: 'a long enough phrase' };
  const browser = visit(site);
  expect((await browser.get('/register')).text).toContain('look at each new account');
  const { headers } = await register(browser, credentials).expect(303);
  expect(headers.location).toBe('/login');
  expect(read((await browser.get('/login')).text)('.flash').text()).toContain(
    'when the people who run this site',
  );
  expect(await logIn(site, credentials)).toMatchObject({
    status: 422,
    text: expect.stringContaining('waits'),
  });
  expect((await logIn(site, { ...credentials, password: 'a wrong one' })).text).not.toContain('waits');
  const $ = await open(boss, '/people?show=waiting');
  expect(textsOf($, '.entries .name')).toEqual(['hopeful']);
  const path = String($('.entries .name').attr('href'));
  await boss.browser.post(`${path}/approve`).expect(303);
  const logInOf = (person: Browser) =>
    person
      .post('/login')
      .type('form')
      .send({ ...credentials, next: '/topics' })
      .expect(303);
  const first = await logInOf(browser);
  expect(first.headers.location).toBe('/profile/recovery-code?next=%2Ftopics');
  const code = read((await browser.get('/profile/recovery-code')).text)('#code').text();
  expect((await logInOf(visit(site))).headers.location).toBe('/topics');
  const password = 'a wholly new phrase';
  await visit(site).post('/recover').type('form').send({ username: 'hopeful', code, password }).expect(303);

  await register(visit(site), { username: 'hopeless' }).expect(303);
  const other = String((await open(boss, '/people?show=waiting'))('.entries .name').attr('href'));
  await forgetPassword(site, boss);
  await boss.browser.post(`${other}/refuse`).expect(422);
  await boss.browser.post(`${other}/refuse`).type('form').send({ password: boss.password }).expect(303);
  expect(await site.db.selectFrom('users').where('username', '=', 'hopeless').select('id').execute()).toEqual(
    [],
  );
  await boss.browser.post(`${path}/refuse`).expect(404);
});
