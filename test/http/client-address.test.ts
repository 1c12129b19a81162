import { expect, it } from 'vitest';
import { importVotesOf, member, topic, useSite, visit } from '../site.js';

const site = useSite({ rateLimits: 1, trustProxy: 1 });

it.each([
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:4711', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['2001:0DB8:0:1:0:0:0:1', '2001:db8:0:1::1'],
  ['[2001:db8::7]', '2001:db8::7'],
  ['[2001:db8::8]:443', '2001:db8::8'],
  ['fe80::9%eth0', 'fe80::9'],
  ['192.0.2.1, 203.0.113.10', '203.0.113.10'],
  ['somewhere', 'unknown'],
  ['<b>203.0.113.9</b>', 'unknown'],
  ['12345', 'unknown'],
  ['010.0.0.1', 'unknown'],
  ['203.0.113.9:4711:1', 'unknown'],
  ['[203.0.113.9', 'unknown'],
  ['::1::', 'unknown'],
  ['%', 'unknown'],
])('records a log-in from %s as one from %s', async (sent, recorded) => {
  expect(await recordedFrom(sent)).toEqual([recorded]);
});

it('records a log-in from a very long text that is no address as one from unknown', async () => {
  expect(await recordedFrom('a1:'.repeat(4_000))).toEqual(['unknown']);
});

it('counts all visitors without a valid address together', async () => {
  await importVotesOf(site, 10, await topic(site));
  const look = (from: string) => visit(site).get('/topics/foods/data.json').set('X-Forwarded-For', from);
  for (let request = 0; request < 20; request++) await look(`somewhere ${request}`).expect(200);
  await look('somewhere else').expect(429);
  await look('203.0.113.77').expect(200);
});

it('counts all spellings of an address together', async () => {
  await importVotesOf(site, 10, await topic(site, { slug: 'animals' }));
  const look = (from: string) => visit(site).get('/topics/animals/data.json').set('X-Forwarded-For', from);
  for (let port = 1; port <= 10; port++) {
    await look(`198.51.100.7:${port}`).expect(200);
    await look('::ffff:198.51.100.7').expect(200);
  }
  await look('198.51.100.7').expect(429);
  for (let host = 1; host <= 20; host++) await look(`[2001:DB8:0:7::${host}]:${host}`).expect(200);
  await look('2001:db8:0:7:8::').expect(429);
  await look('2001:db8:0:8::1').expect(200);
});

/** Logs in from an address, and returns the addresses that the session and its event have. */
async function recordedFrom(address: string): Promise<(string | null)[]> {
  const { id, username, password } = await member(site);
  const form = { username, password };
  await visit(site).post('/login').set('X-Forwarded-For', address).type('form').send(form).expect(303);
  const session = await site.db
    .selectFrom('sessions')
    .where('userId', '=', id)
    .select('address')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  const event = await site.db
    .selectFrom('sessionEvents')
    .innerJoin('sessionEventOrigins', 'eventId', 'id')
    .where('userId', '=', id)
    .select('address')
    .orderBy('id', 'desc')
    .executeTakeFirstOrThrow();
  return [...new Set([session.address, event.address])];
}
