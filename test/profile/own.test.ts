import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import type { Outcome } from '../../src/schema.js';
import { type Browser, member, pairOn, read, topic, useSite, visit, vote } from '../site.js';

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

/** Writes answers as the ledger has them: "Ramen > Sushi", "Pie = Soup". */
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

const inOrder = (names: string[]): string[] =>
  names.flatMap((better, place) => names.slice(place + 1).map((worse) => `${better} > ${worse}`));

const page = async (browser: Browser, path: string) => read((await browser.get(path).expect(200)).text);

it('shows a person’s own list beside everybody’s, and where they differ most', async () => {
  for (let other = 0; other < 12; other++) await answers((await member(site)).id, inOrder(FOODS));
  const { browser, id } = await member(site);
  // Toast is last to everybody, and first to this person.
  await answers(id, inOrder(['Toast', ...FOODS.slice(0, -1)]));
  await site.rank();
  const $ = await page(browser, '/profile/top');
  expect($('h1').text()).toBe('Your Top 3: Foods');
  expect($('.board .name').first().text()).toBe('Toast');
  expect($('.board tr').eq(1).find('.theirs').text()).toContain('8');
  expect($('#differ').parent().text()).toContain(
    'You put Toast 7 places higher: 1st of the 8 on your list, where everybody together has it 8th.',
  );
  expect($('.lead').text()).toMatch(/From your 28 answers alone. We expect .* of these/);
  // Of 28 answers, the seven about Toast are not as most others chose.
  expect($('#agree').parent().text()).toContain('In 21 of 28 answers');
  expect($('#agree').parent().text()).toContain('none of 12 others chose');
  expect($('#agree').parent().text()).toContain('both put 75 in the same order');
  expect($('#circles').parent().text()).toContain('56 times, and your choices never went in a circle');
  const $profile = await page(browser, '/profile');
  expect($profile('.side-by-side .name').first().text()).toBe('Toast');
  expect($profile('.tiles').text()).toContain('21 of 28');
});

it('says that it is too early to say', async () => {
  const { browser, id } = await member(site);
  expect((await page(browser, '/profile/top'))('.card').text()).toContain('You have not voted in this topic');
  await answers(id, ['Ramen > Sushi', 'Pie > Soup', 'Ramen ~ Pie']);
  const $ = await page(browser, '/profile/topics/foods/top');
  expect($('.card').text()).toContain('You have given 2 answers in this topic. After 10');
  expect($('.board')).toHaveLength(0);
  expect((await page(browser, '/profile'))('.part').text()).toContain('Too few votes to say');
  await browser.get('/profile/topics/none/top').expect(404);
});

it('leaves out of the list what was met once or twice', async () => {
  const { browser, id } = await member(site);
  await answers(id, [...inOrder(['Ramen', 'Sushi', 'Pizza', 'Salad', 'Curry']), 'Ramen > Toast']);
  const $ = await page(browser, '/profile/top');
  expect($('summary').last().text()).toBe('Too few votes to say: 1 thing');
  expect($('details').last().text()).toContain('Toast');
  expect($('.board').text()).not.toContain('Toast');
});

it('shows a cycle as a friendly fact', async () => {
  const { browser, id } = await member(site);
  const cycle = ['Ramen > Sushi', 'Sushi > Pie', 'Pie > Ramen'];
  await answers(id, [...inOrder(['Pizza', 'Salad', 'Curry', 'Soup', 'Toast']), ...cycle]);
  const $ = await page(browser, '/profile/top');
  expect($('#circles').parent().text()).toContain('11 times; 1 time went in a circle, far fewer than the 3');
  const example = $('.circle').text();
  for (const choice of cycle) expect(example).toContain(choice.replace('>', 'over'));
});

it('moves with the next vote, and with one that is taken back', async () => {
  const { browser, id } = await member(site);
  await answers(id, inOrder(['Ramen', 'Sushi', 'Pizza', 'Salad', 'Curry']));
  const first = async () => (await page(browser, '/profile/top'))('.board .name').first().text();
  expect(await first()).toBe('Ramen');
  await answers(id, ['Pie > Ramen', 'Pie > Sushi', 'Pie > Pizza', 'Pie > Salad', 'Pie > Curry']);
  expect(await first()).toBe('Pie');
  const mine = await site.db.selectFrom('votes').where('voterId', '=', id).selectAll().execute();
  for (const { ballotId, leftId } of mine)
    if (leftId === ids.get('Pie')) await browser.post(`/profile/votes/${ballotId}/withdraw`).expect(303);
  expect(await first()).toBe('Ramen');
});

it('counts days in a row, and today’s votes', async () => {
  const { browser, id } = await member(site);
  const tiles = async () => (await page(browser, '/profile'))('.tiles').text().replace(/\s+/g, ' ');
  await answers(id, ['Ramen > Sushi'], { daysAgo: 9 });
  await answers(id, ['Ramen > Pie'], { daysAgo: 8 });
  await answers(id, ['Ramen > Soup'], { daysAgo: 7 });
  expect(await tiles()).toContain('days in a row 0 The longest was 3 days');
  await answers(id, ['Pie > Soup'], { daysAgo: 1 });
  expect(await tiles()).toContain('day in a row 1 Up to yesterday; one vote today makes it 2.');
  await answers(id, ['Pie ~ Toast']);
  expect(await tiles()).toContain('votes today 0');
  await vote(browser);
  expect(await tiles()).toContain('days in a row 2 The longest was 3 days');
  expect(await tiles()).toContain('vote today 1');
});

it('changes an answer when the new one is given, once, and says so', async () => {
  const { browser, id } = await member(site);
  await answers(id, ['Ramen > Sushi']);
  const shown = pairOn((await browser.get('/vote')).text);
  const ledger = () =>
    site.db.selectFrom('votes').where('voterId', '=', id).selectAll().orderBy('id').execute();
  const [before] = await ledger();
  const path = (await page(browser, '/profile/votes'))('.entries a').attr('href') ?? '';
  expect(path).toBe(`/profile/votes/${before?.ballotId}/change`);
  const $ = await page(browser, path);
  expect($('#choose-left').text()).toContain('your answer so far');
  const ballot = String($('[name=ballot]').val());
  // Looking, and sending no answer, change nothing.
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
  // The pair that was open is still the one to be answered.
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

it('lets one of two tabs change an answer, and tells the other what stands', async () => {
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
  // The page of the answer before leads to that of the one that stands.
  const again = await browser.get(path).expect(303);
  expect(again.headers.location).toContain(standing[0]?.ballotId);
});

it('keeps an answer that is given again, and changes nobody else’s', async () => {
  const { browser, id } = await member(site);
  const other = await member(site);
  await answers(id, ['Ramen > Sushi']);
  const path = (await page(browser, '/profile/votes'))('.entries a').attr('href') ?? '';
  await other.browser.get(path).expect(404);
  const ballot = String((await page(browser, path))('[name=ballot]').val());
  await other.browser.post(path).type('form').send({ ballot, choice: 'right' }).expect(404);
  const same = await browser.post(path).type('form').send({ ballot, choice: 'left' }).expect(303);
  expect((await page(browser, same.headers.location ?? ''))('.flash').text()).toContain('As before');
  await browser.post(path.replace('change', 'withdraw')).expect(303);
  await browser.get(path).expect(410);
  await browser.post(path).type('form').send({ ballot, choice: 'right' }).expect(410);
  const rows = await site.db.selectFrom('votes').where('voterId', '=', id).selectAll().execute();
  expect(rows).toHaveLength(1);
});

it('lists older votes page by page', async () => {
  const { browser, id } = await member(site);
  await answers(id, inOrder(FOODS));
  const $ = await page(browser, '/profile/votes');
  expect($('.entries li')).toHaveLength(20);
  const older = $('.actions a').last().attr('href') ?? '';
  expect((await page(browser, older))('.entries li')).toHaveLength(8);
});

it('lets nobody in who is not logged in', async () => {
  for (const path of ['/profile/top', '/profile/votes', '/profile/links'])
    await visit(site).get(path).expect(303);
});
