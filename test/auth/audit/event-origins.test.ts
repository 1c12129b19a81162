import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { eventsOf, verifyChains } from '../../../src/auth/audit/hash-chain.js';
import { recordEvent } from '../../../src/auth/audit/record-event.js';
import { member, read, useSite } from '../../site.js';

const site = useSite();

const V4 = '203.0.113.77';
const V6 = '2001:db8:1:2::3';

/** A user with three events: a log-in, and one from each of two addresses. */
async function memberWithTwoAddresses() {
  const { id, browser } = await member(site);
  for (const address of [V4, V6]) {
    const client = { userAgent: undefined, device: 'Firefox on Linux', address };
    await recordEvent(site.db, { kind: 'rotated', userId: id, sessionId: null, client });
  }
  return { id, browser };
}

const at = (id: number, address: string) =>
  sql`address = ${address} and event_id in (select id from session_events where user_id = ${id})`;

const updateOrigin = (id: number, address: string, assignments: string) =>
  sql`update session_event_origins set ${sql.raw(assignments)} where ${at(id, address)}`.execute(site.db);

const findBreak = async () => (await verifyChains(site.db)).broken;

it('keeps device and address out of the chain, each time with a new salt', async () => {
  const { id } = await memberWithTwoAddresses();
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

it('stays whole when addresses are shortened, and shows the shortened addresses', async () => {
  const { id, browser } = await memberWithTwoAddresses();
  await updateOrigin(id, V4, "salt = null, address = '203.0.113.0/24'");
  await updateOrigin(id, V6, "salt = null, address = '2001:db8:1::/48', device = null");
  expect(await findBreak()).toBeUndefined();
  const page = read((await browser.get('/profile/sessions').expect(200)).text);
  const activity = page('#activity').parent().text();
  expect(activity).toContain('from 203.0.113.0/24');
  expect(activity).toContain('from 2001:db8:1::/48');
  expect(activity).not.toContain(V4);
  await updateOrigin(id, '203.0.113.0/24', 'address = null');
  expect(await findBreak()).toBeUndefined();
});

it('stays whole when device and address are deleted, and still lists the event', async () => {
  const { id, browser } = await memberWithTwoAddresses();
  const before = await eventsOf(site.db, id);
  await sql`delete from session_event_origins where ${at(id, V4)}`.execute(site.db);
  expect(await findBreak()).toBeUndefined();
  const after = await eventsOf(site.db, id);
  expect(after).toHaveLength(3);
  expect(after[1]).toEqual({ ...before[1], salt: null, device: null, address: null });
  const page = read((await browser.get('/profile/sessions').expect(200)).text);
  expect(page('#activity ~ ol li')).toHaveLength(3);
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
])('refuses an origin that is %s', async (_change, assignments) => {
  const { id } = await memberWithTwoAddresses();
  await expect(updateOrigin(id, V4, assignments)).rejects.toThrow(/only shortened|syntax for type inet/);
  expect(await findBreak()).toBeUndefined();
});

it('refuses to add an origin that was deleted or never existed', async () => {
  const { id } = await memberWithTwoAddresses();
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
])('finds an event whose %s was changed while the triggers were off', async (_column, assignments) => {
  const { id } = await memberWithTwoAddresses();
  await sql`alter table session_event_origins disable trigger user`.execute(site.db);
  await updateOrigin(id, V4, assignments);
  await sql`alter table session_event_origins enable trigger user`.execute(site.db);
  expect(await findBreak()).toEqual({ userId: id, sequence: 2, finding: 'was changed' });
  const eventIds = sql`(select id from session_events where user_id = ${id})`;
  await sql`delete from session_event_origins where event_id in ${eventIds}`.execute(site.db);
  expect(await findBreak()).toBeUndefined();
});
