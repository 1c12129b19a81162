import { beforeAll, expect, it } from 'vitest';
import { endSessions } from '../../src/auth/sessions/end-sessions.js';
import { type Browser, HTMX, member, pairOn, read, thingNames, topic, useSite } from '../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: thingNames(30) });
  await topic(site, { slug: 'many', names: thingNames(30) });
});

const thingsOf = (html: string): string[] => [pairOn(html).left, pairOn(html).right];

/** Logs in on the page to which a browser was sent, and returns the page that follows. */
async function logIn(browser: Browser, login: string, form: { username: string; password: string }) {
  const page = await browser.get(login).expect(200);
  expect(read(page.text)('main').text()).toContain(
    'This browser was logged out from another of your devices.',
  );
  const next = String(read(page.text)('[name=next]').val());
  const answer = await browser
    .post('/login')
    .type('form')
    .send({ username: form.username, password: form.password, next });
  return browser.get(String(answer.headers.location)).expect(200);
}

it.each(['/topics/many/vote', '/topics/many/vote?with='])(
  'shows the same pair again after a log-out elsewhere: %s',
  async (address) => {
    const person = await member(site);
    const { browser } = person;
    const thing = site.boards.get('many')?.standings[17]?.id;
    const path = address.endsWith('=') ? address + thing : address;
    const pair = thingsOf((await browser.get(path).expect(200)).text);
    await site.rank();
    await endSessions(site.db, person.id, { reason: 'revoked' });
    const { headers } = await browser.get(path).expect(303);
    expect(thingsOf((await logIn(browser, String(headers.location), person)).text)).toEqual(pair);
  },
);

it('shows the pair again on which a vote could not count, with and without htmx', async () => {
  for (const [isHtmx, status] of [
    [true, 401],
    [false, 303],
  ] as const) {
    const person = await member(site);
    const { browser } = person;
    const { text } = await browser.get('/topics/many/vote').expect(200);
    await endSessions(site.db, person.id, { reason: 'revoked' });
    const refused = await browser
      .post('/topics/many/vote')
      .set({ Referer: `${site.origin}/topics/many/vote`, ...(isHtmx && HTMX) })
      .type('form')
      .send({ ballot: pairOn(text).ballot, choice: 'left' })
      .expect(status);
    const login = String(refused.headers[isHtmx ? 'hx-redirect' : 'location']);
    expect(thingsOf((await logIn(browser, login, person)).text)).toEqual(thingsOf(text));
    expect(await site.db.selectFrom('votes').where('voterId', '=', person.id).selectAll().execute()).toEqual(
      [],
    );
  }
});
