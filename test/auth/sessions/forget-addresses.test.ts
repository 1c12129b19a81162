import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { verifyChains } from '../../../src/auth/audit/hash-chain.js';
import { forgetAddresses } from '../../../src/auth/sessions/forget-addresses.js';
import { member, read, useSite, visit } from '../../site.js';

const site = useSite();

/** A person whose session, and events from several addresses, are some days old. */
async function memberSince(days: number, addresses = ['203.0.113.77', '2001:db8:1:2::3', 'unknown']) {
  const { id, browser, username, password } = await member(site);
  const age = sql`now() - ${`${days} days`}::interval`;
  await sql`update sessions set created_at = ${age}, address = '203.0.113.77' where user_id = ${id}`.execute(
    site.db,
  );
  await sql`
    with origin as (
      select uuid_send(gen_random_uuid()) as salt, 'Firefox on Linux' as device, address
      from unnest(${addresses}::text[]) as address),
    event as (
      insert into session_events (kind, user_id, origin_digest, at)
      select 'rotated', ${id}::bigint, origin_digest(salt, device, address), ${age} from origin
      returning id, origin_digest)
    insert into session_event_origins (event_id, salt, device, address)
    select id, salt, device, address
    from event join origin on origin_digest = origin_digest(salt, device, address)`.execute(site.db);
  return { id, browser, username, password };
}

async function originsOf(id: number) {
  const { rows } = await sql<{ device: string | null; address: string | null; salted: boolean }>`
    select device, address, salt is not null as salted
    from session_event_origins join session_events on id = event_id
    where user_id = ${id} and kind = 'rotated' order by event_id`.execute(site.db);
  return rows;
}

const sessionOf = (id: number) =>
  site.db.selectFrom('sessions').where('userId', '=', id).select(['device', 'address']).execute();

it('leaves addresses of the last 30 days as they are', async () => {
  const { id } = await memberSince(29);
  const before = await originsOf(id);
  await forgetAddresses(site.db, site.config);
  expect(await originsOf(id)).toEqual(before);
  expect(await sessionOf(id)).toEqual([{ device: 'Firefox on Linux', address: '203.0.113.77' }]);
});

it('shortens addresses after 30 days, and the record stays whole', async () => {
  const { id, browser } = await memberSince(31);
  await forgetAddresses(site.db, site.config);
  const device = 'Firefox on Linux';
  expect(await originsOf(id)).toEqual([
    { device, address: '203.0.113.0/24', salted: false },
    { device, address: '2001:db8:1::/48', salted: false },
    { device, address: 'unknown', salted: false },
  ]);
  expect(await sessionOf(id)).toEqual([{ device, address: '203.0.113.0/24' }]);
  expect((await verifyChains(site.db)).broken).toBeUndefined();
  const page = read((await browser.get('/profile/sessions').expect(200)).text);
  expect(page('main').text()).toContain('from 203.0.113.0/24');
});

it('forgets addresses and devices after 90 days, but for a live session its device and network', async () => {
  const live = await memberSince(91);
  const ended = await memberSince(91);
  await ended.browser.post('/logout').expect(303);
  await forgetAddresses(site.db, site.config);
  for (const { id } of [live, ended]) expect(await originsOf(id)).toEqual([]);
  expect(await sessionOf(live.id)).toEqual([{ device: 'Firefox on Linux', address: '203.0.113.0/24' }]);
  expect(await sessionOf(ended.id)).toEqual([{ device: null, address: null }]);
  expect((await verifyChains(site.db)).broken).toBeUndefined();
  const again = visit(site);
  const { username, password } = ended;
  await again.post('/login').type('form').send({ username, password }).expect(303);
  expect((await again.get('/profile/sessions').expect(200)).text).toContain('An unknown browser');
});

it('shortens more rows than fit in one batch, and takes the days from the settings', async () => {
  const { id } = await memberSince(8, Array(2100).fill('198.51.100.7'));
  await forgetAddresses(site.db, { retentionShortenDays: 7, retentionDeleteDays: 90 });
  const origins = await originsOf(id);
  expect(origins).toHaveLength(2100);
  expect(origins.filter(({ salted }) => salted)).toEqual([]);
  expect((await verifyChains(site.db)).broken).toBeUndefined();
});

it('says on the privacy page how long addresses are kept', async () => {
  const text = read((await visit(site).get('/privacy').expect(200)).text)('main')
    .text()
    .replace(/\s+/g, ' ');
  expect(text).toContain('After 30 days we shorten each address to its network');
  expect(text).toContain('After 90 days we delete address, browser and system.');
});
