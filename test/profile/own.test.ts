import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { beforeAll, expect, it } from 'vitest';
import { importVotes } from '../../src/ranking/transfer/import-votes.js';
import type { Outcome } from '../../src/schema.js';
import { type Browser, member, pairOn, read, topic, useSite, visit, vote, voteTimes } from '../site.js';

const site = useSite();
const FOODS = ['Ramen', 'Sushi', 'Pizza', 'Salad', 'Curry', 'Pie', 'Soup', 'Toast'];
const ids = new Map<string, number>();
let topicId = 0;

beforeAll(async () => {
  await topic(site, { names: FOODS });
  const things = await site.db.selectFrom('things').select(['id', 'name', 'topicId']).execute();
  for (const { id, name, topicId: of } of things) {
    ids.set(name, id);
    topicId = of;
  }
});

/**
 * Writes answers into the ledger, from lines such as "Ramen > Sushi" (chosen), "Pie = Soup" (tie), "Pie ~
 * Soup" (skip).
 */
async function answers(voter: number, lines: string[], { daysAgo = 0 } = {}): Promise<void> {
  const rows = lines.map((line) => {
    const [left = '', sign, right = ''] = line.split(' ');
    const outcome: Outcome = sign === '=' ? 'tie' : sign === '~' ? 'skip' : 'left';
    const createdAt = new Date(Date.now() - daysAgo * 24 * 3600 * 1000);
    return {
      ballotId: randomUUID(),
      topicId,
      voterId: voter,
      leftId: ids.get(left) ?? 0,
      rightId: ids.get(right) ?? 0,
      outcome,
      strategy: 'explore' as const,
      createdAt,
    };
  });
  await site.db.insertInto('votes').values(rows).execute();
}

const allPairs = (names: string[]): string[] =>
  names.flatMap((better, index) => names.slice(index + 1).map((worse) => `${better} > ${worse}`));

const page = async (browser: Browser, path: string) => read((await browser.get(path).expect(200)).text);

it('shows the own list of a member beside everyone’s, with the largest differences', async () => {
  for (let other = 0; other < 12; other++) await answers((await member(site)).id, allPairs(FOODS));
  const { browser, id } = await member(site);
  // Toast is last for everyone, and first for this member.
  await answers(id, allPairs(['Toast', ...FOODS.slice(0, -1)]));
  await site.rank();
  const $ = await page(browser, '/profile/top');
  expect($('h1').text()).toBe('Your Top 3: Foods');
  expect($('.ranks .name').first().text()).toBe('Toast');
  const toast = $('.ranks li').first();
  expect(toast.find('.theirs').text().replace(/\s+/g, ' ')).toContain('everyone: 8th 7 lower');
  // The scale goes from the 1st to the 8th rank. Both dots stand at its ends.
  expect([toast.find('.mine').attr('cx'), toast.find('.dot').first().attr('cx')]).toEqual(['0%', '100%']);
  expect($('.scale text').last().text()).toBe('8th');
  expect($('#differ').parent().text()).toContain(
    'You put Toast 7 ranks higher: 1st of the 8 on your list, 8th for everyone.',
  );
  expect($('.lead').text()).toMatch(
    /Based on your 28 votes. (Settled: we|We|Still open: we) expect (all|about|\d) .+ to stay\./,
  );
  // Of the 28 answers, the seven about Toast differ from those of most others.
  expect($('#agree').parent().text()).toContain('Most others agreed with you on 21 of 28 pairs');
  expect($('#agree').parent().text()).toContain('None of the 12 others agreed');
  expect($('#agree').parent().text()).toContain('they put 75 of 100 pairs in the same order');
  expect($('#contradictions').parent().text()).toContain(
    '56 groups of three things. In none of them do your votes contradict each other',
  );
  const $profile = await page(browser, '/profile');
  const lists = $profile('.side-by-side .card').toArray();
  expect(lists.map((list) => $profile(list).find('h3').text())).toEqual(['Your Top 3', 'Everyone’s Top 3']);
  expect(lists.map((list) => $profile(list).find('.name').text())).toEqual([
    'ToastRamenSushi',
    'RamenSushiPizza',
  ]);
  expect($profile('.tiles').text()).toContain('21 of 28');
});

it('says how many votes are missing for an own list', async () => {
  const { browser, id } = await member(site);
  expect((await page(browser, '/profile/top'))('.coming .goal').text()).toBe('10 votes until your list');
  expect((await page(browser, '/profile'))('.coming .goal').text()).toBe('10 votes until your list');
  await answers(id, ['Ramen > Sushi', 'Pie > Soup', 'Ramen ~ Pie']);
  const $ = await page(browser, '/profile/topics/foods/top');
  expect($('.coming .goal').text()).toBe('8 more votes until your list');
  expect($('.slots .on')).toHaveLength(2);
  expect($('.slots .off')).toHaveLength(8);
  expect($('.coming').text()).toContain('You’ve voted on 4 things so far');
  expect($('.compared')).toHaveLength(0);
  expect((await page(browser, '/profile'))('.coming .goal').text()).toBe('8 more votes until your list');
  await browser.get('/profile/topics/none/top').expect(404);
});

it('shows a list as soon as the page says so, with every thing of the answers', async () => {
  const { browser, id } = await member(site);
  await answers(id, ['Ramen > Sushi', 'Pie > Soup', 'Pizza > Toast', 'Salad > Curry']);
  expect((await page(browser, '/profile/top'))('.compared')).toHaveLength(0);
  await answers(id, ['Ramen > Soup', 'Pie > Toast', 'Pizza > Sushi', 'Salad > Toast', 'Curry > Soup']);
  expect((await page(browser, '/profile/top'))('.coming .goal').text()).toBe('1 more vote until your list');
  await answers(id, ['Ramen > Toast']);
  const $ = await page(browser, '/profile/top');
  expect($('.compared .name')).toHaveLength(8);
  expect($('#differ').parent().text()).toContain('This appears after 18 more votes');
});

it('shows a list of a topic of three things after its three pairs', async () => {
  const slug = 'few';
  await topic(site, { slug, names: ['Cat', 'Dog', 'Eel'] });
  const { browser } = await member(site);
  for (let pair = 0; pair < 3; pair++)
    await vote(browser, ({ left, right }) => (left < right ? 'left' : 'right'), `/topics/${slug}/vote`);
  const $ = await page(browser, `/profile/topics/${slug}/top`);
  const names = $('.compared .name').map((_index, name) => $(name).text());
  expect(names.get()).toEqual(['Cat', 'Dog', 'Eel']);
});

it('opens the profile with the topic of the latest vote, also when another has more', async () => {
  const slug = 'latest';
  await topic(site, { slug, names: ['Oak', 'Elm', 'Fir', 'Yew'] });
  const { browser } = await member(site);
  await voteTimes(browser, 3);
  const shown = async () => {
    const $ = await page(browser, '/profile');
    return [$('#own-top').text(), $('.tabs a').first().attr('href'), $('.chip').text().replace(/\s+/g, ' ')];
  };
  expect(await shown()).toEqual(['Your list: Foods', '/vote', '']);
  await vote(browser, 'left', `/topics/${slug}/vote`);
  expect(await shown()).toEqual([
    'Your list: Latest',
    `/topics/${slug}/vote`,
    expect.stringContaining('Your list: Foods 3 votes'),
  ]);
});

it('says on how many things it takes a vote until a longer Top', async () => {
  const slug = 'longer';
  await topic(site, { slug, names: Array.from({ length: 12 }, (_, index) => `Tree ${index}`) });
  const { browser } = await member(site);
  const path = `/profile/topics/${slug}/top`;
  for (let pair = 0; pair < 60; pair++) {
    await vote(browser, 'left', `/topics/${slug}/vote`);
    if (pair < 9) continue;
    const $ = await page(browser, path);
    const things = $('.compared .name').length;
    const title = things >= 10 ? 'Top 5' : things >= 6 ? 'Top 3' : 'list';
    expect($('h1').text()).toContain(`Your ${title}: `);
    // Twelve things allow a Top 5, and nothing longer.
    if (things >= 10) return expect($('.next-top')).toHaveLength(0);
    expect($('.next-top').text()).toContain(`to get your ${things >= 6 ? 'Top 5' : 'Top 3'}`);
  }
  expect.unreachable();
});

it('ranks by everyone’s votes what the own answers leave open', async () => {
  const slug = 'open';
  await topic(site, { slug, names: ['A', 'B', 'C', 'D', 'E', 'F'] });
  const lines = ['B,A', 'A,C', 'C,D', 'D,E', 'E,F'];
  const voters = Array.from({ length: 20 }, (_, index) => `person ${index}`);
  const rows = lines.flatMap((line) => voters.map((voter) => `${line},${voter}`));
  await importVotes(site.db, Readable.from([`winner,loser,voter\n${rows.join('\n')}\n`]), { slug });
  await site.rank();
  const { browser } = await member(site);
  const order = 'BACDEF';
  for (let pair = 0; pair < 10; pair++)
    await vote(
      browser,
      ({ left, right }) => (order.indexOf(left) < order.indexOf(right) ? 'left' : 'right'),
      `/topics/${slug}/vote`,
    );
  const $ = await page(browser, `/profile/topics/${slug}/top`);
  expect($('.compared .name').text()).toBe(order);
});

it('shows how many choices contradict each other, with an example', async () => {
  const { browser, id } = await member(site);
  const cycle = ['Ramen > Sushi', 'Sushi > Pie', 'Pie > Ramen'];
  await answers(id, [...allPairs(['Pizza', 'Salad', 'Curry', 'Soup', 'Toast']), ...cycle]);
  const $ = await page(browser, '/profile/top');
  expect($('#contradictions').parent().text()).toContain(
    '11 groups of three things. In 1 of them, your votes contradict each other: far fewer than the 3',
  );
  const example = $('.circle').text();
  for (const choice of cycle) expect(example).toContain(choice.replace('>', 'over'));
});

it('changes the own list after a vote and after a withdrawal', async () => {
  const { browser, id } = await member(site);
  await answers(id, allPairs(['Ramen', 'Sushi', 'Pizza', 'Salad', 'Curry']));
  const first = async () => (await page(browser, '/profile/top'))('.compared .name').first().text();
  expect(await first()).toBe('Ramen');
  await answers(id, ['Pie > Ramen', 'Pie > Sushi', 'Pie > Pizza', 'Pie > Salad', 'Pie > Curry']);
  expect(await first()).toBe('Pie');
  const mine = await site.db.selectFrom('votes').where('voterId', '=', id).selectAll().execute();
  for (const { ballotId, leftId } of mine)
    if (leftId === ids.get('Pie')) await browser.post(`/profile/votes/${ballotId}/withdraw`).expect(303);
  expect(await first()).toBe('Ramen');
});

it('counts days in a row and the votes of today', async () => {
  const { browser, id } = await member(site);
  const tiles = async () => (await page(browser, '/profile'))('.tiles').text().replace(/\s+/g, ' ');
  await answers(id, ['Ramen > Sushi'], { daysAgo: 9 });
  await answers(id, ['Ramen > Pie'], { daysAgo: 8 });
  await answers(id, ['Ramen > Soup'], { daysAgo: 7 });
  expect(await tiles()).toContain('days in a row 0 Your longest streak was 3 days');
  await answers(id, ['Pie > Soup'], { daysAgo: 1 });
  expect(await tiles()).toContain('day in a row 1 Vote today to make it 2.');
  await answers(id, ['Pie ~ Toast']);
  expect(await tiles()).toContain('votes today 0');
  await vote(browser);
  expect(await tiles()).toContain('days in a row 2 Your longest streak was 3 days');
  expect(await tiles()).toContain('vote today 1');
});

it('changes an answer once, when the new answer is given, and says so', async () => {
  const { browser, id } = await member(site);
  await answers(id, ['Ramen > Sushi']);
  const shown = pairOn((await browser.get('/vote')).text);
  const ledger = () =>
    site.db.selectFrom('votes').where('voterId', '=', id).selectAll().orderBy('id').execute();
  const [before] = await ledger();
  const path = (await page(browser, '/profile/votes'))('.entries a').attr('href') ?? '';
  expect(path).toBe(`/profile/votes/${before?.ballotId}/change`);
  const $ = await page(browser, path);
  expect($('#choose-left').text()).toContain('your vote');
  const ballot = String($('[name=ballot]').val());
  // A form without a valid answer or ballot changes nothing.
  await browser.post(path).type('form').send({ ballot, choice: 'skip' }).expect(422);
  await browser.post(path).type('form').send({ ballot: 'x', choice: 'right' }).expect(422);
  expect((await ledger()).map((row) => row.withdrawnAt)).toEqual([null]);
  const send = () => browser.post(path).type('form').send({ ballot, choice: 'right' }).expect(303);
  const answer = await send();
  await Promise.all([send(), send()]);
  expect(await ledger()).toMatchObject([
    { outcome: 'left', withdrawnAt: expect.any(Date) },
    { outcome: 'right', withdrawnAt: null, strategy: 'explore' },
  ]);
  const $after = await page(browser, answer.headers.location ?? '');
  expect($after('.flash').text()).toContain('Changed: Sushi over Ramen.');
  // The pair at the front of the queue stays the same.
  const now = pairOn((await browser.get('/vote')).text);
  expect([now.left, now.right]).toEqual([shown.left, shown.right]);
  await site.rank();
  const sushi = await site.db
    .selectFrom('ratings')
    .where('thingId', '=', ids.get('Sushi') ?? 0)
    .select(['wins', 'losses'])
    .executeTakeFirst();
  const votes = await site.db
    .selectFrom('votes')
    .where('withdrawnAt', 'is', null)
    .where('outcome', '<>', 'skip')
    .where((where) =>
      where.or([where('leftId', '=', ids.get('Sushi') ?? 0), where('rightId', '=', ids.get('Sushi') ?? 0)]),
    )
    .select('id')
    .execute();
  expect((sushi?.wins ?? 0) + (sushi?.losses ?? 0)).toBe(votes.length);
});

it('lets one of two tabs change an answer, and tells the other which answer counts', async () => {
  const { browser, id } = await member(site);
  await answers(id, ['Ramen > Sushi']);
  const path = (await page(browser, '/profile/votes'))('.entries a').attr('href') ?? '';
  const tabs = await Promise.all(
    ['right', 'tie'].map(async (choice) => ({ choice, $: await page(browser, path) })),
  );
  const sent = await Promise.all(
    tabs.map(({ choice, $ }) =>
      browser
        .post(path)
        .type('form')
        .send({ ballot: String($('[name=ballot]').val()), choice })
        .expect(303),
    ),
  );
  const standing = await site.db
    .selectFrom('votes')
    .where('voterId', '=', id)
    .where('withdrawnAt', 'is', null)
    .select('ballotId')
    .execute();
  expect(standing).toHaveLength(1);
  for (const { headers } of sent) expect(headers.location).toContain(standing[0]?.ballotId);
  // The page of the old answer redirects to the page of the standing answer.
  const again = await browser.get(path).expect(303);
  expect(again.headers.location).toContain(standing[0]?.ballotId);
});

it('keeps an answer that is given again, and lets nobody change the answer of someone else', async () => {
  const { browser, id } = await member(site);
  const other = await member(site);
  await answers(id, ['Ramen > Sushi']);
  const path = (await page(browser, '/profile/votes'))('.entries a').attr('href') ?? '';
  await other.browser.get(path).expect(404);
  const ballot = String((await page(browser, path))('[name=ballot]').val());
  await other.browser.post(path).type('form').send({ ballot, choice: 'right' }).expect(404);
  const same = await browser.post(path).type('form').send({ ballot, choice: 'left' }).expect(303);
  expect((await page(browser, same.headers.location ?? ''))('.flash').text()).toContain(
    'Same vote as before',
  );
  await browser.post(path.replace('change', 'withdraw')).expect(303);
  await browser.get(path).expect(410);
  await browser.post(path).type('form').send({ ballot, choice: 'right' }).expect(410);
  const rows = await site.db.selectFrom('votes').where('voterId', '=', id).selectAll().execute();
  expect(rows).toHaveLength(1);
});

it('lists older votes on further pages', async () => {
  const { browser, id } = await member(site);
  await answers(id, allPairs(FOODS));
  const $ = await page(browser, '/profile/votes');
  expect($('.entries li')).toHaveLength(20);
  const older = $('.actions a:contains("Older")').attr('href') ?? '';
  expect((await page(browser, older))('.entries li')).toHaveLength(8);
});

it('asks visitors of the own pages to log in', async () => {
  for (const path of ['/profile/top', '/profile/votes', '/profile/links'])
    await visit(site).get(path).expect(303);
});

it('says that there is nothing to vote on in a topic without things', async () => {
  const { slug } = await topic(site, { slug: 'bare', names: [] });
  const { browser } = await member(site);
  const text = (await page(browser, `/profile/topics/${slug}/top`))('main').text();
  expect(text).toContain('nothing to vote on');
  expect(text).not.toContain('until your list');
});
