import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeResetLink } from '../../../src/auth/recovery/reset-link.js';
import { type MailServer, openMailServer } from '../../mail-server.js';
import { CHROME, member, openSite, read, type Site, visit } from '../../site.js';

let site: Site;
let without: Site;
let server: MailServer;

beforeAll(async () => {
  server = await openMailServer();
  site = await openSite({
    trustProxy: 1,
    smtpUrl: server.url,
    mailFrom: 'site@thinga.example',
  });
  without = await openSite();
});
afterAll(async () => {
  await site.close();
  await without.close();
  await server.close();
});

type User = Awaited<ReturnType<typeof member>>;

const nextMail = (to: string) => server.next(to);
const mailsTo = (address: string) => server.mails.filter(({ to }) => to === address);

async function setAddress({ browser, username }: User): Promise<string> {
  const address = `${username}@mail.example`;
  await browser.post('/profile/email').type('form').send({ address }).expect(303);
  return address;
}

/** Registers a member who has a confirmed address. */
async function memberWithAddress() {
  const user = await member(site);
  const address = await setAddress(user);
  await visit(site)
    .post((await nextMail(address)).path)
    .expect(303);
  return { ...user, address };
}

const askForLink = (username: string) =>
  visit(site).post('/recover/mail').type('form').send({ username }).expect(303);
const shown = async ({ browser }: User) =>
  read((await browser.get('/profile/email').expect(200)).text)('main')
    .text()
    .replace(/\s+/g, ' ');

it('confirms an address by a link, which changes nothing before its button is pressed', async () => {
  const user = await member(site);
  const address = await setAddress(user);
  const { path } = await nextMail(address);
  const page = await visit(site).get(path).expect(200);
  expect(page.headers['referrer-policy']).toBe('strict-origin');
  expect(await shown(user)).toContain('Not confirmed yet');
  await visit(site).post(path).expect(303);
  expect(await shown(user)).toContain('Confirmed.');
  await visit(site).post(path).expect(404);
  await visit(site).get(path).expect(404);
});

it('keeps a confirmed address until the next one is confirmed', async () => {
  const { browser, username, address, ...user } = await memberWithAddress();
  const next = `next-${username}@mail.example`;
  await browser.post('/profile/email').type('form').send({ address: next }).expect(303);
  const page = await shown({ browser, username, ...user });
  expect(page).toContain(` ${address} Confirmed.`);
  expect(page).toContain(`You asked for ${next}`);
  const { path } = await nextMail(next);
  expect((await visit(site).get(path).expect(200)).text).toContain(next);
  await askForLink(username);
  await nextMail(address);
  await visit(site).post(path).expect(303);
  expect(await shown({ browser, username, ...user })).not.toContain(` ${address}`);
  await askForLink(username);
  await nextMail(next);
});

it('lets somebody who lost password, device and code back in by mail', async () => {
  const { address, username } = await memberWithAddress();
  await askForLink(username);
  const { path } = await nextMail(address);
  const browser = visit(site);
  const password = 'a wholly new phrase';
  const { headers } = await browser.post(path).type('form').send({ password }).expect(303);
  expect(read((await browser.get(headers.location ?? '')).text)('#code').text()).toHaveLength(34);
  await visit(site).post('/login').type('form').send({ username, password }).expect(303);
  await visit(site).get(path).expect(404);
});

it('ends no link from an operator by a mail that anybody could ask for', async () => {
  const { username, address, id } = await memberWithAddress();
  const link = await makeResetLink(site, id);
  await askForLink(username);
  const { path } = await nextMail(address);
  await visit(site).get(path).expect(200);
  const form = { password: 'a wholly new phrase' };
  await visit(site).post(link.replace(site.config.publicOrigin, '')).type('form').send(form).expect(303);
  await visit(site).get(path).expect(404);
});

it('gives one answer whether or not there is an address, and sends nothing to one that is not confirmed', async () => {
  const { address, username } = await memberWithAddress();
  const unconfirmed = await member(site);
  const other = await setAddress(unconfirmed);
  await nextMail(other);
  const answers = [
    await askForLink(unconfirmed.username),
    await askForLink('nobody-here'),
    await askForLink('%'),
  ];
  answers.push(await askForLink(username));
  await nextMail(address);
  for (const { headers } of answers) expect(headers.location).toBe('/recover');
  expect(mailsTo(other)).toEqual([]);
});

it('sends an account five links an hour at most', async () => {
  const { address, username } = await memberWithAddress();
  for (let times = 0; times < 5; times++) {
    await askForLink(username);
    await nextMail(address);
  }
  await askForLink(username);
  const { address: last, username: other } = await memberWithAddress();
  await askForLink(other);
  await nextMail(last);
  expect(mailsTo(address)).toEqual([]);
});

it('tells of a log-in on a new device, and not of one on a known device', async () => {
  const { browser, address, username, password } = await memberWithAddress();
  await browser.post('/logout').expect(303);
  await browser.post('/login').type('form').send({ username, password }).expect(303);
  const stranger = visit(site, { userAgent: CHROME });
  await stranger.post('/login').type('form').send({ username, password }).expect(303);
  expect((await nextMail(address)).text).toContain('Chrome on Windows');
  expect(mailsTo(address)).toEqual([]);
});

it('asks for the password before an address is set or removed, and refuses what is none', async () => {
  const user = await memberWithAddress();
  const wrong = await user.browser
    .post('/profile/email')
    .type('form')
    .send({ address: 'no one@x' })
    .expect(422);
  expect(read(wrong.text)('#address').val()).toBe('no one@x');
  await sql`update sessions set confirmed_at = now() - interval '1 hour' where user_id = ${user.id}`.execute(
    site.db,
  );
  await user.browser.post('/profile/email').type('form').send({ address: 'thief@mail.example' }).expect(422);
  await user.browser.post('/profile/email/remove').expect(422);
  expect(await shown(user)).toContain(user.address);
  await user.browser.post('/profile/email/remove').type('form').send({ password: user.password }).expect(303);
  expect(await shown(user)).not.toContain(user.address);
});

it('mentions mail nowhere on a site without a mail server', async () => {
  const { browser } = await member(without);
  for (const path of ['/profile', '/recover', '/login', '/profile/sessions'])
    expect((await browser.get(path)).text).not.toMatch(/e-?mail/i);
  expect(read((await visit(without).get('/recover').expect(200)).text)('main').text()).not.toMatch(/e-mail/i);
  await browser.get('/profile/email').expect(404);
  await browser.post('/recover/mail').expect(404);
});
