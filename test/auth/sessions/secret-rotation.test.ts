import { afterAll, expect, it } from 'vitest';
import type { Config } from '../../../src/config.js';
import { type Browser, CHROME, itOnRedis, member, openSite, type Site, useSite, visit } from '../../site.js';

const OLD = 'an old secret of more than enough characters';
const NEW = 'a new secret of more than enough characters';
const site = useSite({ secrets: [OLD] });
const others: Site[] = [];
afterAll(async () => {
  for (const other of others) await other.close();
});

async function openSiteWith(
  secrets: [string, ...string[]],
  sessionFingerprint: Config['sessionFingerprint'] = 'enforce',
): Promise<Site> {
  const other = await openSite({ secrets, sessionFingerprint }, { storesOf: site });
  others.push(other);
  return other;
}

const cookieIn = (browser: Browser): string =>
  `thinga=${browser.jar.getCookie('thinga', { path: '/', domain: '127.0.0.1', secure: false, script: false })?.value}`;

itOnRedis('keeps users logged in while a secret changes, and signs their cookies again', async () => {
  const { browser, id } = await member(site);
  const before = cookieIn(browser);
  const during = await openSiteWith([NEW, OLD]);
  const answer = await visit(during).get('/profile').set('Cookie', before).expect(200);
  const [after = ''] = (answer.headers['set-cookie'] as unknown as string[]).map(
    (cookie) => cookie.split(';')[0] ?? '',
  );
  expect(after).not.toBe(before);
  expect(
    (await visit(during).get('/profile').set('Cookie', after).expect(200)).headers['set-cookie'],
  ).toBeUndefined();

  const done = await openSiteWith([NEW]);
  await visit(done).get('/profile').set('Cookie', after).expect(200);
  await visit(done).get('/profile').set('Cookie', before).expect(303);
  const events = await site.db.selectFrom('sessionEvents').where('userId', '=', id).select('kind').execute();
  expect(events.map(({ kind }) => kind)).toEqual(['login']);
});

it('keeps the fingerprint of the browser that logged in, in the mode log too', async () => {
  const { browser, id } = await member(site);
  const [during, done] = [await openSiteWith([NEW, OLD], 'log'), await openSiteWith([NEW, OLD], 'enforce')];
  const cookie = cookieIn(browser);
  await visit(during, { userAgent: CHROME }).get('/profile').set('Cookie', cookie).expect(200);
  await visit(done).get('/profile').set('Cookie', cookie).expect(200);
  await visit(done, { userAgent: CHROME }).get('/profile').set('Cookie', cookie).expect(303);
  const row = await site.db.selectFrom('sessions').where('userId', '=', id).selectAll().executeTakeFirst();
  expect(row?.endReason).toBe('fingerprint');
});

it('logs out users who return after the old secret was removed', async () => {
  const { browser } = await member(site);
  const done = await openSiteWith([NEW]);
  await visit(done).get('/profile').set('Cookie', cookieIn(browser)).expect(303);
});
