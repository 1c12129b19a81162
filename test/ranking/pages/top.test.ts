import { Readable } from 'node:stream';
import { sql } from 'kysely';
import { beforeAll, expect, it } from 'vitest';
import { updatePreviousRanks } from '../../../src/ranking/ranker/previous-ranks.js';
import { importVotes } from '../../../src/ranking/transfer/import-votes.js';
import { member, read, thingNames, topic, useSite, visit, vote } from '../../site.js';

const site = useSite();

beforeAll(async () => {
  await topic(site, { names: ['Ramen', 'Sushi', 'Pizza', 'Salad'] });
});

const names = async (path = '/top') =>
  read((await visit(site).get(path).expect(200)).text)('.board .name')
    .map((_index, name) => read('')(name).text())
    .get();

it('invites to the first vote, and shows the things without ranks', async () => {
  const $ = read((await visit(site).get('/top').expect(200)).text);
  expect($('.first-vote').text()).toContain('Nobody has voted here yet');
  expect($('.first-vote a').attr('href')).toBe('/vote');
  expect($('.gallery .name')).toHaveLength(4);
  expect($('.board')).toHaveLength(0);
  const full = read((await visit(site).get('/ranking').expect(200)).text);
  expect(full('.lead').text()).toContain('Not ranked yet');
  expect(full('.gallery .name')).toHaveLength(4);
});

it('orders things by their votes, and shows a score after ten votes', async () => {
  const order = ['Salad', 'Pizza', 'Sushi', 'Ramen'];
  for (let person = 0; person < 4; person++) {
    const { browser } = await member(site);
    for (let pair = 0; pair < 6; pair++)
      await vote(browser, ({ left, right }) =>
        order.indexOf(left) < order.indexOf(right) ? 'left' : 'right',
      );
  }
  await site.rank();
  expect(await names()).toEqual(order);
  const $ = read((await visit(site).get('/top')).text);
  expect($('.board td.wins').first().text()).toMatch(/^\d+\s%$/);
  expect($('.lead').text()).toContain('Based on 24 votes on 4 things.');
});

it('shows only twenty things of a larger topic', async () => {
  await topic(site, { slug: 'many', names: thingNames(30) });
  const $ = read((await visit(site).get('/topics/many/top').expect(200)).text);
  expect($('.gallery .name')).toHaveLength(20);
});

it('shows the range of each rank, the certainty of each Top 20 place, and the accuracy of the whole', async () => {
  const names = thingNames(30);
  const votes = names.flatMap((winner, index) =>
    names.slice(index + 1).map((loser) => `${winner},${loser},2026-01-01`),
  );
  const file = Readable.from([`winner,loser,at\n${votes.join('\n')}\n`]);
  await importVotes(site.db, file, { slug: 'many' });
  await site.rank();
  const { text } = await visit(site).get('/topics/many/top').expect(200);
  const $ = read(text);
  const rows = $('.board tbody tr')
    .map((_index, row) => $(row).text().replace(/\s+/g, ' '))
    .get();
  expect(rows).toHaveLength(20);
  expect(rows[0]).toMatch(/1st–[2-6]\w\w, almost certainly Top 20/);
  expect(rows[19]).toMatch(/1[4-9]th–2[1-6]\w\w, Top 20 uncertain/);
  expect(rows[0]).toContain('nearly tied with the next');
  expectOneScale($);
  expect($('.lead').text()).toMatch(/Settled: we expect 19 of these 20 to stay/);
  const { body } = await visit(site).get('/api/topics/many/top').expect(200);
  expect(body.expectedRight).toBeGreaterThan(16.5);
  expect(body.expectedRight).toBeLessThan(19.5);
  for (const { rank, range } of body.top) {
    expect(rank).toBeGreaterThanOrEqual(range[0]);
    expect(rank).toBeLessThanOrEqual(range[1]);
  }
});

/** Expects the range of each row on one scale, from the first rank on, with the end of the goal. */
function expectOneScale($: ReturnType<typeof read>): void {
  expect($('.axis text').first().text()).toBe('1st');
  expect($('.axis').text()).toContain('20th');
  expect($('.scale-goal')).toHaveLength(1);
  const places = (selector: string, name: string) =>
    $(`.board ${selector}`)
      .map((_index, mark) => Number.parseFloat($(mark).attr(name) ?? ''))
      .get();
  const dots = places('.range-dot', 'cx');
  expect(dots).toHaveLength(20);
  expect(dots[0]).toBe(0);
  expect(dots).toEqual(dots.toSorted((one, other) => one - other));
  for (const [index, place] of dots.entries()) {
    expect(places('.range-whisker', 'x1')[index]).toBeLessThanOrEqual(place);
    expect(places('.range-whisker', 'x2')[index]).toBeGreaterThanOrEqual(place);
  }
  expect($('.board tbody tr').first().attr('class')).toContain('tied-below');
  expect($('.last-of-goal .tag').text()).toBe('Top 20');
}

it('compares each rank with the rank of yesterday', async () => {
  await sql`
    update rating_history set at = at - interval '25 hours', rank = 5 - rank, low = 1, high = 4
    where thing_id in (select things.id from things join topics on topics.id = topic_id where is_default)`.execute(
    site.db,
  );
  await updatePreviousRanks(site.db);
  await site.boards.refresh();
  const $ = read((await visit(site).get('/top')).text);
  expect($('.board tbody .rank').first().text()).toContain('up\u00a03');
  expect($('.board tbody .rank').last().text()).toContain('down\u00a03');
});

it('shows a thing’s rank, its record and its neighbours on its page', async () => {
  const top = read((await visit(site).get('/top')).text);
  const page = await visit(site)
    .get(top('.board a').first().attr('href') ?? '')
    .expect(200);
  const $ = read(page.text);
  expect($('h1').text()).toBe('Salad');
  expect($('.facts').text().replace(/\s+/g, ' ')).toMatch(
    /of 4, likely 1st.* 1st .*won, lost, same 12–0–0 votes ?12/,
  );
  expect($('.neighbours').text()).toContain('Pizza');
});

it('keeps the page of a retired thing, and removes it from the board', async () => {
  const thing = await site.db
    .selectFrom('things')
    .where('name', '=', 'Salad')
    .select('id')
    .executeTakeFirstOrThrow();
  await site.db.updateTable('things').set({ retiredAt: new Date() }).where('id', '=', thing.id).execute();
  await sql`update boards set version = version + 1`.execute(site.db);
  await site.boards.refresh();
  expect(await names()).toEqual(['Pizza', 'Sushi', 'Ramen']);
  expect(read((await visit(site).get(`/things/${thing.id}`).expect(200)).text)('p').text()).toContain(
    'removed',
  );
});

it('lists the public topics only', async () => {
  await site.db
    .insertInto('topics')
    .values({ slug: 'secret', title: 'Secret', question: 'Which?', access: 'link' })
    .execute();
  await site.boards.refresh();
  const $ = read((await visit(site).get('/topics').expect(200)).text);
  expect(
    $('.topics h2')
      .map((_index, title) => $(title).text())
      .get(),
  ).toEqual(['Foods', 'Many']);
  await visit(site).get('/topics/secret/top').expect(200);
});

it('offers each visitor a pair for the page of a ranking without votes', async () => {
  await topic(site, { slug: 'new', names: ['Tea', 'Coffee', 'Milk'] });
  const visitor = visit(site);
  const page = read((await visitor.get('/topics/new/top').expect(200)).text);
  const address = String(page('.first-pair').attr('hx-get'));
  await visitor.get(address).expect(303).expect('Location', '/topics/new/vote');
  const $ = read((await visitor.get(address).set('HX-Request-Type', 'partial').expect(200)).text);
  const form = { ballot: $('[name=ballot]').attr('value'), choice: 'left' };
  const voted = await visitor
    .post(String($('form').attr('action')))
    .type('form')
    .send(form)
    .expect(303);
  expect(voted.headers.location).toMatch(/^\/topics\/new\/vote\?voted=/);
});

it('offers no pair where nobody can vote, and says so', async () => {
  await topic(site, { slug: 'over', names: ['Tea', 'Coffee'] });
  await site.db.updateTable('topics').where('slug', '=', 'over').set({ phase: 'closed' }).execute();
  await site.boards.refresh();
  const visitor = visit(site);
  const $ = read((await visitor.get('/topics/over/top').expect(200)).text);
  expect($('main').text()).toContain('Voting has closed. Nobody voted here.');
  expect($('main').text()).not.toContain('Cast the first vote');
  await visitor.get('/topics/over/offer').set('HX-Request-Type', 'partial').expect(204);
});
