import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { eventsOf, verifyChains } from '../../../src/auth/audit/hash-chain.js';
import { recordEvent } from '../../../src/auth/sessions/sessions.js';
import { member, read, useSite } from '../../site.js';

const site = useSite();

const V4 = '203.0.113.77';
const V6 = '2001:db8:1:2::3';

/** Somebody with three events: a log-in, and one from each of two addresses. */
async function person() {
  const { id, browser } = await member(site);
  for (const address of [V4, V6]) {
    const client = { userAgent: undefined, device: 'Firefox on Linux', address };
    await recordEvent(site.db, { kind: 'rotated', userId: id, sessionId: null, client });
  }
  return { id, browser };
}

const at = (id: number, address: string) =>
  sql`address = ${address} and event_id in (select id from session_events where user_id = ${id})`;

const change = (what: string, id: number, address: string) =>
  sql`update session_event_origins set ${sql.raw(what)} where ${at(id, address)}`.execute(site.db);

const broken = async () => (await verifyChains(site.db)).broken;

it('keeps device and address out of the chain, under a salt of their own each time', async () => {
  const { id } = await person();
  const client = { userAgent: undefined, device: 'Firefox on Linux', address: V4 };
  await recordEvent(site.db, { kind: 'rotated', userId: id, sessionId: null, client });
  const { rows } = await sql`select session_events.* from session_events where user_id = ${id}`.execute(
    site.db,
  );
  expect(JSON.stringify(rows)).not.toContain(V4);
  expect(JSON.stringify(rows)).not.toContain('Firefox');
  const events = await eventsOf(site.db, id);
  expect(new Set(events.map(({ originDigest }) => originDigest))).toHaveProperty('size', 4);
  expect(events[1]).toMatchObject({ device: 'Firefox on Linux', address: V4 });
});

it('stays whole when addresses are shortened, and shows what is left of them', async () => {
  const { id, browser } = await person();
  await change("salt = null, address = '203.0.113.0/24'", id, V4);
  await change("salt = null, address = '2001:db8:1::/48', device = null", id, V6);
  expect(await broken()).toBeUndefined();
  const page = read((await browser.get('/profile/sessions').expect(200)).text);
  const happened = page('#happened').parent().text();
  expect(happened).toContain('from 203.0.113.0/24');
  expect(happened).toContain('from 2001:db8:1::/48');
  expect(happened).not.toContain(V4);
  // Later the network goes as well.
  await change('address = null', id, '203.0.113.0/24');
  expect(await broken()).toBeUndefined();
});

it('stays whole when device and address are deleted, and its owner still sees what happened', async () => {
  const { id, browser } = await person();
  const before = await eventsOf(site.db, id);
  await sql`delete from session_event_origins where ${at(id, V4)}`.execute(site.db);
  expect(await broken()).toBeUndefined();
  const after = await eventsOf(site.db, id);
  expect(after).toHaveLength(3);
  expect(after[1]).toEqual({ ...before[1], salt: null, device: null, address: null });
  const page = read((await browser.get('/profile/sessions').expect(200)).text);
  expect(page('#happened ~ ol li')).toHaveLength(3);
});

it.each([
  ['changed', "address = '203.0.113.78'"],
  ['changed, with another salt', "salt = decode(repeat('00', 16), 'hex'), address = '203.0.113.78'"],
  ['shortened, with its salt left', "address = '203.0.113.0/24'"],
  ['another network', "salt = null, address = '198.51.100.0/24'"],
  ['another address without a salt', "salt = null, address = '203.0.113.78'"],
  ['no address at all', "salt = null, address = 'elsewhere'"],
  ['another device', "salt = null, device = 'Chrome on Windows'"],
  ['another event', 'salt = null, event_id = event_id + 1000'],
])('refuses an origin that is %s', async (_how, what) => {
  const { id } = await person();
  await expect(change(what, id, V4)).rejects.toThrow(/only shortened|syntax for type inet/);
  expect(await broken()).toBeUndefined();
});

it('refuses to fill in again what was deleted or never there', async () => {
  const { id } = await person();
  await recordEvent(site.db, { kind: 'drift', userId: id, sessionId: null });
  await sql`delete from session_event_origins where ${at(id, V4)}`.execute(site.db);
  const add = (salt: string | null, sequence: number) =>
    sql`insert into session_event_origins (event_id, salt, device, address)
      select id, decode(${salt}, 'hex'), 'Firefox on Linux', ${V4} from session_events
      where user_id = ${id} and sequence = ${sequence}`.execute(site.db);
  for (const sequence of [2, 4])
    for (const salt of [null, '00'.repeat(16)])
      await expect(add(salt, sequence)).rejects.toThrow('belongs to the digest');
});

it.each([
  ['address', "address = '203.0.113.78'"],
  ['device', "device = 'Chrome on Windows'"],
  ['salt', "salt = decode(repeat('00', 16), 'hex')"],
])('names an event whose %s was changed behind the triggers’ back', async (_what, how) => {
  const { id } = await person();
  await sql`alter table session_event_origins disable trigger user`.execute(site.db);
  await change(how, id, V4);
  await sql`alter table session_event_origins enable trigger user`.execute(site.db);
  expect(await broken()).toEqual({ userId: id, sequence: 2, what: 'was changed' });
  const theirs = sql`(select id from session_events where user_id = ${id})`;
  await sql`delete from session_event_origins where event_id in ${theirs}`.execute(site.db);
  expect(await broken()).toBeUndefined();
});
