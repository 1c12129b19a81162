import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { importVotes } from '../../src/ranking/transfer/import-votes.js';
import {
  type Browser,
  itOnPostgres,
  read,
  type Site,
  thingNames,
  topic,
  useSite,
  visit,
  vote,
} from '../site.js';
import { actsOf, admin, open, textsOf } from './admins.js';

const site = useSite({ trustProxy: 1 });
const names = thingNames(8);
const PUSHED = 'Thing 6';

interface Pair {
  left: string;
  right: string;
}

/** Lets twelve imported voters agree on an order. */
async function settle(site: Site, slug: string): Promise<void> {
  await topic(site, { slug, names });
  const voters = Array.from({ length: 12 }, (_, index) => `${slug} ${index}`);
  const rows = voters.flatMap((voter) =>
    names.flatMap((winner, index) => names.slice(index + 1).map((loser) => `${winner},${loser},${voter}`)),
  );
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug });
  await site.rank();
}

let accounts = 0;

/** Registers at an address, and answers all pairs for the pushed thing. */
async function stuff(slug: string, address: string): Promise<void> {
  const browser: Browser = visit(site).set('X-Forwarded-For', address);
  const form = { username: `stuffer${++accounts}`, password: 'a long enough phrase' };
  await browser.post('/register').type('form').send(form).expect(303);
  const path = `/topics/${slug}/vote`;
  const choose = ({ left, right }: Pair) =>
    left === PUSHED || (right !== PUSHED && left < right) ? ('left' as const) : ('right' as const);
  while (read((await browser.get(path)).text)('#choose-left').length > 0) await vote(browser, choose, path);
}

it('finds a group of one IPv6 /48, shows the ranking with and without it, and sets it apart with one press', async () => {
  await settle(site, 'wide');
  for (let number = 0; number < 4; number++) await stuff('wide', `2001:db8:5:${number}::1`);
  await site.rank();
  const weights = await site.db
    .selectFrom('voteWeights')
    .where('reason', '=', 'one-sided')
    .select('weight')
    .execute();
  expect(weights.length).toBeGreaterThan(10);

  const boss = await admin(site);
  const link = (await open(boss, '/stuffing'))('#groups ~ .entries .name').first();
  expect(link.text()).toContain(PUSHED);
  const path = String(link.attr('href'));
  const page = read((await boss.browser.get(path).expect(200)).text);
  expect(textsOf(page, '.lead')[0]).toContain('4 voters of one wide network (/48) push it up');
  expect(page('.plain-table thead th')).toHaveLength(3);
  expect(page('.plain-table tbody tr').length).toBe(8);
  const without = page('.plain-table tbody tr')
    .toArray()
    .findIndex((row) => page(row).find('td').eq(1).text().includes(PUSHED));
  expect(without).toBe(5);
  expect(textsOf(page, '#voters + .entries .name')).toHaveLength(4);

  await boss.browser.post(`${path}/set-apart`).expect(303);
  await site.rank();
  const decided = await site.db.selectFrom('voterEvents').select('kind').execute();
  expect(decided.map(({ kind }) => kind)).toEqual(Array(4).fill('set apart'));
  expect((await actsOf(site, boss))[0]).toMatchObject({ kind: 'admin-votes-set-apart' });
  expect(textsOf(await open(boss, '/stuffing'), '#groups ~ .entries .tag')).toContain('Set apart');

  const { headers } = await boss.browser.post(`${path}/restore`).expect(303);
  expect(headers.location).toBe('/admin/stuffing');
  const latest = await site.db
    .selectFrom('voterEvents')
    .select('kind')
    .orderBy('id', 'desc')
    .limit(4)
    .execute();
  expect(latest.map(({ kind }) => kind)).toEqual(Array(4).fill('restored'));
});

it('counts voters of different /48 in full', async () => {
  await settle(site, 'apart');
  for (let number = 0; number < 2; number++) await stuff('apart', `2001:db8:${number + 10}::1`);
  await site.rank();
  const { id } = await site.db
    .selectFrom('topics')
    .where('slug', '=', 'apart')
    .select('id')
    .executeTakeFirstOrThrow();
  const leans = await site.db.selectFrom('groupLeans').where('topicId', '=', id).select('thingId').execute();
  expect(leans).toEqual([]);
});

itOnPostgres('shows an alarm with the voters who came in the day before it', async () => {
  const boss = await admin(site);
  const { topicId, thingId } = await site.db
    .selectFrom('things')
    .innerJoin('topics', 'topics.id', 'topicId')
    .where('topics.slug', '=', 'apart')
    .where('name', '=', PUSHED)
    .select(['topicId', 'things.id as thingId'])
    .executeTakeFirstOrThrow();
  const details = JSON.stringify({ deviation: 6.2 });
  await site.db
    .insertInto('siteEvents')
    .values({ kind: 'one-sided votes', topicId, thingId, details })
    .execute();
  const link = (await open(boss, '/stuffing'))('#alarms ~ .entries .name').first();
  expect(link.text().replace(/\s+/g, ' ').trim()).toBe(`${PUSHED} in Apart`);
  const path = String(link.attr('href'));
  const page = read((await boss.browser.get(path).expect(200)).text);
  expect(textsOf(page, '#voters + .entries .name')).toHaveLength(2);
  await boss.browser.post(`${path}/set-apart`).expect(303);
  expect(textsOf(read((await boss.browser.get(path)).text), '.entries .tag')).toEqual(Array(2).fill('Out'));
  await boss.browser.post(`${path}/restore`).expect(303);
});
